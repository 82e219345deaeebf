// The images, what was said of them, and which are shown in which order.
const contents = JSON.parse(document.getElementById("contents").textContent);
const byId = (id) => document.getElementById(id);

// What no page can show, and what turns the text around it.
const UNFIT = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff]|[\ud800-\udfff]/gu;
const clean = (text) => text.replace(UNFIT, "\ufffd");

const images = contents.images.map(
  ([path, label, given, probability, doubt, instead, round, unlike, nearest], index) => ({
    index, path, given: Boolean(given), probability, doubt, round, unlike, nearest,
    label: contents.names[label],
    instead: contents.names[instead],
  })
);
const classes = [...contents.classes];
const said = new Map(); // By the position of the image.
const elsewhere = []; // Of images that this page does not have.

function take(rows) {
  const places = new Map(images.map((image) => [image.path, image.index]));
  said.clear();
  elsewhere.length = 0;
  for (const row of rows) {
    const [path, action, label, , time] = row;
    if (places.has(path)) said.set(places.get(path), { action, label, time });
    else elsewhere.push(row);
    if (label) addClass(label);
  }
}

function rows() {
  const own = [...said].map(([index, { action, label, time }]) => {
    const { path, label: previous } = images[index];
    return [path, action, label, previous, time];
  });
  const all = [...own, ...elsewhere];
  return all.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
}

const form = (name) => name.normalize("NFC").trim();

function addClass(name) {
  const known = classes.find((each) => form(each) === form(name));
  if (known === undefined) classes.push(form(name));
  return known ?? form(name);
}

// The class that somebody means who types a name in another case.
function meant(name) {
  const same = classes.find((each) => form(each) === form(name));
  return same ?? classes.find((each) => form(each).toLowerCase() === form(name).toLowerCase());
}

function labelOf(image) {
  const now = said.get(image.index);
  return now === undefined ? image.label : now.label;
}

const share = (value) => `${(100 * value).toFixed(0)}\u00a0%`;

// What an image is, in words: for screen readers.
function describe(image) {
  const now = said.get(image.index);
  const parts = [clean(image.path)];
  if (image.label) parts.push(`${clean(image.label)}, ${image.given ? "given" : "predicted"}`);
  else parts.push("no label");
  if (image.probability !== null) parts.push(`probability ${share(image.probability)}`);
  if (image.doubt !== null) parts.push(`doubt ${image.doubt.toFixed(2)}`);
  if (now) parts.push(verdict(now));
  return parts.join(", ");
}

function verdict({ action, label }) {
  if (action === "accept") return "accepted";
  if (action === "none") return "none of these";
  return action === "unlabel" ? "label taken away" : `corrected to ${clean(label)}`;
}

function source(image) {
  return image.label ? (image.given ? "given" : "predicted") : "none";
}

function isShown(image, wanted) {
  const now = said.get(image.index);
  if (wanted.label && labelOf(image) !== wanted.label.slice(1)) return false;
  if (wanted.source && source(image) !== wanted.source) return false;
  if (wanted.round && String(image.round) !== wanted.round) return false;
  if (Number(wanted.doubt) && !(image.doubt >= Number(wanted.doubt))) return false;
  if (wanted.looked === "no") return now === undefined;
  if (wanted.looked === "yes") return now !== undefined;
  return !wanted.looked || now?.action === wanted.looked;
}

const text = new Intl.Collator(undefined, { numeric: true });
const last = (value, order) => (value === null ? Infinity : order * value);
const ORDERS = {
  doubt: (a, b) => compare(last(a.doubt, -1), last(b.doubt, -1)),
  probability: (a, b) => compare(last(a.probability, 1), last(b.probability, 1)),
  unlike: (a, b) => compare(last(a.unlike, -1), last(b.unlike, -1)),
  path: (a, b) => text.compare(a.path, b.path),
  label: (a, b) => text.compare(labelOf(a), labelOf(b)) || ORDERS.doubt(a, b),
  round: (a, b) => compare(last(a.round, 1), last(b.round, 1)) || ORDERS.doubt(a, b),
};
const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

function chosen(wanted) {
  return images.filter((image) => isShown(image, wanted)).sort(ORDERS[wanted.order]);
}
