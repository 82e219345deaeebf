// The chosen image in large, what is known of it, and its nearest labelled images.
class Detail {
  static WAIT = 120; // Milliseconds; an image that is passed by is not fetched in large.

  constructor(panel, back) {
    Object.assign(this, { panel, back });
    byId("enlarge").addEventListener("click", () => this.open(!this.isOpen));
    byId("close").addEventListener("click", () => this.open(false));
  }

  get isOpen() {
    return document.body.classList.contains("opened");
  }

  // On a phone there is room for the panel only above all else.
  get isBeside() {
    return matchMedia("(min-width: 60rem)").matches;
  }

  open(opened) {
    const was = this.isOpen;
    document.body.classList.toggle("opened", opened);
    for (const part of document.querySelectorAll("header, #filters, #grid")) part.inert = opened;
    if (opened) this.panel.setAttribute("role", "dialog");
    else this.panel.removeAttribute("role");
    byId("enlarge").setAttribute("aria-expanded", opened);
    if (opened) this.panel.focus();
    else if (was) this.back();
    clearTimeout(this.timer);
    if (this.image) this.fetch();
  }

  show(image) {
    this.image = image;
    this.panel.hidden = !image;
    if (!image) return;
    byId("path").textContent = clean(image.path);
    const now = said.get(image.index);
    const round = { null: "final model", 0: "first labels" }[image.round] ?? `round ${image.round}`;
    const facts = [
      ["Label", image.label ? `${clean(image.label)} (${image.given ? "given" : "predicted"})` : "none"],
      ["Said", now ? verdict(now) : "not looked at yet"],
      ["Probability", image.probability === null ? "" : share(image.probability)],
      ["Doubt", image.doubt === null ? "" : image.doubt.toFixed(2)],
      ["Else likeliest", clean(image.instead)],
      ["Unlike labelled", image.unlike === null ? "" : image.unlike.toFixed(2)],
      ["Round", image.label ? round : ""],
    ].filter(([, what]) => what);
    byId("facts").replaceChildren(
      ...facts.map(([name, what]) => {
        const pair = document.createElement("div");
        const [term, value] = ["dt", "dd"].map((kind) => document.createElement(kind));
        [term.textContent, value.textContent] = [name, what];
        pair.append(term, value);
        return pair;
      })
    );
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.fetch(), contents.served ? Detail.WAIT : 0);
  }

  fetch() {
    if (!this.isOpen && !this.isBeside) return;
    const { image } = this;
    byId("large").alt = describe(image);
    setPicture(byId("large"), image, "large");
    byId("nearest").hidden = !image.nearest.length;
    byId("nearest").lastElementChild.replaceChildren(
      ...image.nearest.map((index) => {
        const item = byId("neighbour").content.firstElementChild.cloneNode(true);
        const [frame, label] = item.children;
        const near = images[index];
        label.textContent = clean(labelOf(near)) || "no label";
        frame.firstElementChild.alt = clean(near.path);
        setPicture(frame.firstElementChild, near, "small");
        return item;
      })
    );
  }
}
