// Keys, buttons and filters.
const filters = document.querySelector("#filters form");
const past = []; // What was said before, for undo: pairs of image and what was said of it.
const saving = new Saving(tellProgress);
const detail = new Detail(byId("detail"), () => byId("grid").focus());
const grid = new Grid(byId("grid"), byId("room"), (opens) => {
  detail.show(grid.shown[grid.active]);
  if (opens && !detail.isBeside) detail.open(true);
});

function say(words) {
  byId("said").textContent = "";
  byId("said").textContent = words;
}

function tellProgress() {
  const counts = { accept: 0, correct: 0, none: 0, unlabel: 0 };
  for (const { action } of said.values()) counts[action] += 1;
  const where = contents.served ? "saved in the run's folder" : "kept in this browser: download it";
  const state = saving.message || (saving.isSaved ? (said.size ? where : "") : "saving");
  byId("progress").textContent = [
    `${said.size.toLocaleString("en")} of ${images.length.toLocaleString("en")} looked at`,
    counts.correct ? `${counts.correct.toLocaleString("en")} corrected` : "",
    counts.none ? `${counts.none.toLocaleString("en")} none of these` : "",
    state,
  ].filter(Boolean).join(" \u00b7 ");
  byId("progress").classList.toggle("wrong", Boolean(saving.message));
}

const option = (value, words) => new Option(clean(words), value);

function showClasses() {
  const wanted = filters.elements.label.value;
  filters.elements.label.replaceChildren(
    option("", "any"), ...classes.map((name) => option(`=${name}`, name)), option("=", "no label")
  );
  filters.elements.label.value = wanted;
  byId("names").replaceChildren(...classes.map((name) => option(name, "")));
  byId("classes").replaceChildren(
    ...classes.slice(0, 9).map((name, i) => {
      const [button, key, words] = ["button", "kbd", "bdi"].map((kind) => document.createElement(kind));
      [button.type, key.textContent, words.textContent] = ["button", i + 1, clean(name)];
      button.append(key, " ", words);
      button.addEventListener("click", (event) => act(event, () => label(name)));
      return button;
    })
  );
}

function showRounds() {
  const rounds = [...new Set(images.map((image) => image.round))].sort((a, b) => a - b);
  const names = { null: "final model", 0: "0, first labels" };
  filters.elements.round.replaceChildren(
    option("", "any"), ...rounds.map((round) => option(String(round), names[round] ?? String(round)))
  );
}

function apply() {
  const wanted = Object.fromEntries(new FormData(filters));
  const shown = chosen(wanted);
  byId("shown").textContent = `${shown.length.toLocaleString("en")} shown`;
  byId("empty").hidden = shown.length > 0;
  byId("again").disabled = true;
  grid.show(shown);
}

function change(pairs, words) {
  past.push(pairs.map(([index]) => [index, said.get(index)]));
  set(pairs);
  say(words);
  byId("again").disabled = false;
}

function set(pairs) {
  for (const [index, now] of pairs) {
    if (now) said.set(index, now);
    else said.delete(index);
  }
  const indices = pairs.map(([index]) => index);
  grid.refresh(indices);
  saving.changed(indices);
}

const time = () => `${new Date().toISOString().slice(0, 19)}Z`;
const several = (chosen) => (chosen.length > 1 ? `${chosen.length} images` : clean(chosen[0].path));

function sayOf(chosen, now, words) {
  if (!chosen.length) return;
  change(chosen.map((image) => [image.index, now(image)]), `${several(chosen)}: ${words}`);
  grid.next();
}

function label(name) {
  const now = (image) => ({ action: image.label === name ? "accept" : "correct", label: name, time: time() });
  sayOf(grid.selected(), now, clean(name));
}

function accept() {
  const chosen = grid.selected();
  const without = chosen.find((image) => !labelOf(image));
  if (without) say(`${clean(without.path)} has no label: give one.`);
  else {
    const now = (image) => said.get(image.index) ?? { action: "accept", label: image.label, time: time() };
    sayOf(chosen, now, "accepted");
  }
}

function reject() {
  sayOf(grid.selected(), () => ({ action: "none", label: "", time: time() }), "none of these");
}

function undo() {
  let before = past.pop();
  // Nothing was said since the page was opened: take back what was said of these before.
  before ??= grid.selected().filter(({ index }) => said.has(index)).map(({ index }) => [index]);
  if (!before.length) return say("Nothing to undo.");
  set(before);
  const place = grid.shown.findIndex((image) => image.index === before[0][0]);
  if (place >= 0) grid.move(place);
  say("Undone.");
}

function typed() {
  const field = byId("name");
  const name = form(field.value);
  if (!name || name === "-1" || name.includes("\0")) return say("Type the name of a class.");
  const known = meant(name);
  const own = known ?? addClass(name);
  if (known === undefined) showClasses();
  field.value = "";
  label(own);
  if (detail.isOpen) byId("detail").focus();
  else byId("grid").focus();
}

// A click with a pointer leaves the keys where they were; one by a key stays on its button.
function act(event, what) {
  what();
  if (event.detail && !detail.isOpen) byId("grid").focus();
}

function download() {
  const cells = ([path, action, name, previous, when]) => [path, name, previous, action, when];
  const link = document.createElement("a");
  link.href = URL.createObjectURL(csv.file(contents.columns, rows().map(cells)));
  link.download = contents.file;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

function key(event) {
  const { target } = event;
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  if (event.key === "Escape") {
    if (target === byId("name")) byId("grid").focus();
    else if (detail.isOpen) detail.open(false);
    return true;
  }
  if (target.closest("input, select, textarea, summary")) return false;
  if (target.closest("button") && ["Enter", " "].includes(event.key)) return false;
  if (grid.key(event)) return true;
  if (/^[1-9]$/.test(event.key)) {
    const name = classes[Number(event.key) - 1];
    if (name === undefined) say(`There is no class ${event.key}.`);
    else label(name);
    return true;
  }
  const keys = {
    enter: accept, x: reject, u: undo, n: () => byId("name").focus(), " ": () => detail.open(!detail.isOpen),
  };
  const what = keys[event.key.toLowerCase()];
  what?.();
  return what !== undefined;
}

document.addEventListener("keydown", (event) => {
  if (key(event)) event.preventDefault();
});
for (const [id, what] of Object.entries({ accept, none: reject, undo, download, again: apply })) {
  byId(id).addEventListener("click", (event) => act(event, what));
}
byId("other").addEventListener("submit", (event) => {
  event.preventDefault();
  typed();
});
filters.addEventListener("change", apply);
filters.addEventListener("submit", (event) => event.preventDefault());
byId("filters").open = matchMedia("(min-width: 40rem)").matches;

saving.restore();
showClasses();
showRounds();
tellProgress();
apply();
byId("grid").focus();
