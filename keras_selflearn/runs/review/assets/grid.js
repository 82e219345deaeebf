// A grid of any number of images. Only the cells that can be seen are in the page.
class Grid {
  static SMALLEST = 140; // Pixels a side; the rest are words below the picture.
  static WORDS = 62;
  static GAP = 10;
  static ROWS_AHEAD = 2;
  static WAIT = 60; // Milliseconds; what scrolls by faster gets no picture.

  constructor(box, room, onMove) {
    Object.assign(this, { box, room, onMove, shown: [], active: 0, anchor: 0 });
    this.cells = new Map(); // By the place in the order.
    this.spare = [];
    box.addEventListener("scroll", () => this.later());
    box.addEventListener("click", (event) => this.click(event));
    new ResizeObserver(() => this.measure()).observe(box);
  }

  show(shown) {
    this.shown = shown;
    this.active = this.anchor = 0;
    for (const place of [...this.cells.keys()]) this.drop(place);
    this.box.scrollTop = 0;
    this.measure();
    this.onMove(false);
  }

  measure() {
    const style = getComputedStyle(this.box);
    const width = this.box.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    this.columns = Math.max(1, Math.floor((width + Grid.GAP) / (Grid.SMALLEST + Grid.GAP)));
    this.side = Math.floor((width + Grid.GAP) / this.columns) - Grid.GAP;
    this.height = this.side + Grid.WORDS + Grid.GAP;
    this.room.style.height = `${Math.ceil(this.shown.length / this.columns) * this.height}px`;
    this.room.style.setProperty("--side", `${this.side}px`);
    this.reveal();
    this.draw();
  }

  later() {
    this.frame ??= requestAnimationFrame(() => this.draw());
  }

  draw() {
    this.frame = undefined;
    const first = Math.floor(this.box.scrollTop / this.height) - Grid.ROWS_AHEAD;
    const rows = Math.ceil(this.box.clientHeight / this.height) + 2 * Grid.ROWS_AHEAD + 1;
    const from = Math.max(0, first * this.columns);
    const to = Math.min(this.shown.length, (first + rows) * this.columns);
    for (const place of [...this.cells.keys()]) {
      if ((place < from || place >= to) && place !== this.active) this.drop(place);
    }
    for (let place = from; place < to; place++) this.put(place);
    if (this.active < this.shown.length) this.put(this.active);
    if (this.shown.length) this.box.setAttribute("aria-activedescendant", `cell-${this.active}`);
    else this.box.removeAttribute("aria-activedescendant");
    this.timer ??= setTimeout(() => this.fetch(), contents.served ? Grid.WAIT : 0);
  }

  fetch() {
    this.timer = undefined;
    for (const cell of this.cells.values()) {
      const picture = cell.firstChild.firstChild;
      if (!picture.hasAttribute("src")) setPicture(picture, cell.image, "small");
    }
  }

  drop(place) {
    const cell = this.cells.get(place);
    this.cells.delete(place);
    cell.firstChild.firstChild.removeAttribute("src");
    cell.hidden = true;
    cell.classList.remove("active");
    cell.removeAttribute("id");
    this.spare.push(cell);
  }

  put(place) {
    let cell = this.cells.get(place);
    if (cell === undefined) {
      cell = this.spare.pop() ?? this.make();
      cell.image = this.shown[place];
      cell.hidden = false;
      cell.id = `cell-${place}`;
      cell.setAttribute("aria-posinset", place + 1);
      this.cells.set(place, cell);
      this.fill(cell);
    }
    const [row, column] = [Math.floor(place / this.columns), place % this.columns];
    const left = column * (this.side + Grid.GAP);
    cell.style.transform = `translate(${left}px, ${row * this.height}px)`;
    cell.setAttribute("aria-setsize", this.shown.length);
    cell.setAttribute("aria-selected", this.isSelected(place));
    cell.classList.toggle("active", place === this.active);
  }

  make() {
    const cell = byId("cell").content.firstElementChild.cloneNode(true);
    this.room.append(cell);
    return cell;
  }

  fill(cell) {
    const { image } = cell;
    const [, file, label, figures] = cell.children;
    const now = said.get(image.index);
    cell.setAttribute("aria-label", describe(image));
    cell.dataset.said = now?.action ?? "";
    file.textContent = clean(image.path.split("/").pop());
    label.replaceChildren(...labelWords(image, now));
    figures.textContent = [
      image.label ? (image.given ? "given" : image.probability === null ? "predicted" : share(image.probability)) : "",
      image.doubt === null ? "" : `doubt ${image.doubt.toFixed(2)}`,
    ].filter(Boolean).join(" \u00b7 ");
  }

  refresh(indices) {
    const changed = new Set(indices);
    for (const cell of this.cells.values()) if (changed.has(cell.image.index)) this.fill(cell);
  }

  isSelected(place) {
    return place >= Math.min(this.anchor, this.active) && place <= Math.max(this.anchor, this.active);
  }

  selected() {
    const from = Math.min(this.anchor, this.active);
    return this.shown.slice(from, Math.max(this.anchor, this.active) + 1);
  }

  move(place, extend = false, opens = false) {
    if (!this.shown.length) return;
    this.active = Math.min(Math.max(place, 0), this.shown.length - 1);
    if (!extend) this.anchor = this.active;
    this.reveal();
    this.draw();
    this.onMove(opens);
  }

  // After something was said of all that is selected.
  next() {
    this.move(Math.max(this.anchor, this.active) + 1);
  }

  reveal() {
    const top = Math.floor(this.active / this.columns) * this.height;
    const { scrollTop, clientHeight } = this.box;
    if (top < scrollTop) this.box.scrollTop = top;
    else if (top + this.height > scrollTop + clientHeight) {
      this.box.scrollTop = top + this.height - clientHeight;
    }
  }

  click(event) {
    const cell = event.target.closest("[role=option]");
    if (cell) this.move(Number(cell.id.slice(5)), event.shiftKey, !event.shiftKey);
  }

  // Whether the key moves.
  key(event) {
    const page = Math.max(1, Math.floor(this.box.clientHeight / this.height)) * this.columns;
    const steps = {
      ArrowRight: 1, ArrowLeft: -1, ArrowDown: this.columns, ArrowUp: -this.columns,
      PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity,
    };
    if (!(event.key in steps)) return false;
    this.move(this.active + steps[event.key], event.shiftKey);
    return true;
  }
}

function labelWords(image, now) {
  const word = (kind, words) => {
    const element = document.createElement(kind);
    element.textContent = words;
    return element;
  };
  const before = image.label ? clean(image.label) : "no label";
  if (!now) return [word("bdi", before)];
  if (now.action === "accept") return ["\u2713 ", word("bdi", before)];
  const after = { none: "none of these", unlabel: "no label" }[now.action] ?? clean(now.label);
  return [word("s", before), now.action === "none" ? " \u2715 " : " \u2192 ", word("bdi", after)];
}

function setPicture(picture, image, size) {
  const frame = picture.parentElement;
  frame.classList.remove("lacking");
  picture.onload = () => picture.classList.toggle("tiny", picture.naturalWidth <= 48);
  picture.onerror = () => frame.classList.add("lacking");
  if (contents.served) picture.src = `${size}/${image.index}`;
  else if (contents.pictures[image.index]) picture.src = contents.pictures[image.index];
  else {
    picture.removeAttribute("src");
    frame.classList.add("lacking");
  }
}
