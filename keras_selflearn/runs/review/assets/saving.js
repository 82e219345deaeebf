// What was said goes to the server, or into the memory of this browser.
class Saving {
  static WAIT = 250; // Milliseconds; so that keys in quick order are one save.
  static AGAIN = 3000;

  constructor(tell) {
    Object.assign(this, { tell, waiting: new Set(), message: "" });
    addEventListener("pagehide", () => this.save(true));
    addEventListener("beforeunload", (event) => {
      if (contents.served && this.waiting.size) event.preventDefault();
    });
  }

  get isSaved() {
    return !this.waiting.size && !this.sending;
  }

  restore() {
    let rows = contents.said;
    try {
      if (!contents.served) rows = JSON.parse(localStorage.getItem(contents.key)) ?? rows;
    } catch {
      this.message = "This browser keeps nothing: download before you close the page.";
    }
    take(rows);
  }

  changed(indices) {
    for (const index of indices) this.waiting.add(index);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), Saving.WAIT);
    this.tell();
  }

  save(leaving = false) {
    if (!this.waiting.size) return;
    if (contents.served) this.send(leaving);
    else this.keep();
  }

  keep() {
    try {
      localStorage.setItem(contents.key, JSON.stringify(rows()));
      this.message = "";
    } catch {
      this.message = "This browser has no room to keep it: download before you close the page.";
    }
    this.waiting.clear();
    this.tell();
  }

  async send(leaving) {
    if (this.sending && !leaving) return; // The answer sends the rest.
    const sent = [...this.waiting];
    this.waiting.clear();
    this.sending = true;
    const changes = sent.map((index) => {
      const now = said.get(index);
      return { index, action: now?.action ?? "undo", label: now?.label ?? "" };
    });
    try {
      const answer = await fetch("save", {
        method: "POST",
        keepalive: leaving,
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(changes),
      });
      const { says } = answer.headers.get("Content-Type") === "application/json" ? await answer.json() : { says: answer.statusText };
      this.message = answer.ok ? "" : `Not saved: ${says}`;
    } catch {
      this.message = "Not saved: The command has ended: download what you said, or start it again.";
    }
    this.sending = false;
    if (this.message) for (const index of sent) this.waiting.add(index);
    if (this.waiting.size) {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.save(), this.message ? Saving.AGAIN : 0);
    }
    this.tell();
  }
}
