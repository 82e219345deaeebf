"use strict";
(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const REACH = 26; // Pixels between a pointer and the point that it means.
  const tip = document.getElementById("tip");
  const said = document.getElementById("said");
  const points = JSON.parse(document.getElementById("points").textContent);
  const boxes = [...document.querySelectorAll("[data-points]")];
  const rings = new Map();

  const textOf = (point) => point.dataset.tip ?? points[point.dataset.i][2];
  const numberOf = (element, name) => Number(element.getAttribute(name));

  function fill(point) {
    const words = document.createElement("span");
    words.textContent = textOf(point);
    tip.replaceChildren(words);
    if (point.dataset.i !== undefined) {
      const [sheet, place] = points[point.dataset.i];
      const picture = document.createElement("span");
      picture.className = `thumb ${sheet}`;
      picture.style.backgroundPosition = place;
      tip.prepend(picture);
    }
  }

  function put(point) {
    const at = point.getBoundingClientRect();
    const room = document.documentElement.clientWidth;
    const width = tip.offsetWidth, height = tip.offsetHeight;
    const left = Math.min(Math.max(at.left + at.width / 2 - width / 2, 8), room - width - 8);
    const above = at.top - height - 12;
    const top = above >= 8 ? above : at.bottom + 12;
    tip.style.left = `${left + window.scrollX}px`;
    tip.style.top = `${top + window.scrollY}px`;
  }

  function ring(box, point) {
    const circle = rings.get(box);
    if (!circle) return;
    circle.toggleAttribute("hidden", !point);
    if (point) {
      circle.setAttribute("cx", point.getAttribute("x"));
      circle.setAttribute("cy", point.getAttribute("y"));
    }
  }

  function clear() {
    tip.hidden = true;
    for (const box of boxes) ring(box, null);
    for (const cell of document.querySelectorAll("td.active")) cell.classList.remove("active");
  }

  function show(box, point) {
    clear();
    box.current = point;
    fill(point);
    tip.hidden = false;
    put(point);
    ring(box, point);
    if (point.localName === "td") point.classList.add("active");
    if (point.dataset.i !== undefined) {
      // The same image in the other picture.
      for (const other of boxes) {
        if (other !== box) ring(other, other.querySelector(`use[data-i="${point.dataset.i}"]`));
      }
    }
    const words = textOf(point);
    if (said.textContent !== words) said.textContent = words;
  }

  function nearest(box, event) {
    if (box.localName !== "svg") return event.target.closest("td[data-tip]");
    const place = new DOMPoint(event.clientX, event.clientY).matrixTransform(
      box.getScreenCTM().inverse()
    );
    const scale = box.getScreenCTM().a;
    let best = null, least = REACH / scale;
    for (const point of box.querySelectorAll("use:not(.faded use)")) {
      const distance = Math.hypot(numberOf(point, "x") - place.x, numberOf(point, "y") - place.y);
      if (distance < least) [best, least] = [point, distance];
    }
    return best;
  }

  const across = (point) =>
    point.localName === "td" ? point.cellIndex : numberOf(point, "x");

  function next(box, key) {
    const rows = [...box.querySelectorAll("[data-row]:not(.faded)")].map((row) => [
      ...row.querySelectorAll("[data-tip], [data-i]"),
    ]);
    let row = rows.findIndex((each) => each.includes(box.current));
    if (row < 0) return rows[0][0];
    const column = rows[row].indexOf(box.current);
    if (key === "Home") return rows[row][0];
    if (key === "End") return rows[row][rows[row].length - 1];
    if (key === "ArrowRight") return rows[row][Math.min(column + 1, rows[row].length - 1)];
    if (key === "ArrowLeft") return rows[row][Math.max(column - 1, 0)];
    row = Math.min(Math.max(row + (key === "ArrowDown" ? 1 : -1), 0), rows.length - 1);
    if (rows[row].includes(box.current)) return box.current;
    const here = across(box.current);
    return rows[row].reduce((best, each) =>
      Math.abs(across(each) - here) < Math.abs(across(best) - here) ? each : best
    );
  }

  for (const box of boxes) {
    if (box.localName === "svg") {
      const circle = document.createElementNS(SVG, "circle");
      circle.setAttribute("class", "ring");
      circle.setAttribute("r", "11");
      circle.setAttribute("hidden", "");
      box.append(circle);
      rings.set(box, circle);
    }
    const point = (event) => {
      const found = nearest(box, event);
      if (found && (found !== box.current || tip.hidden)) show(box, found);
      if (!found) clear();
    };
    box.addEventListener("pointermove", point);
    box.addEventListener("pointerdown", point);
    box.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && clear());
    box.addEventListener("focus", () => {
      if (box.matches(":focus-visible")) show(box, box.current ?? next(box, "Home"));
    });
    box.addEventListener("blur", clear);
    box.addEventListener("keydown", (event) => {
      if (event.target !== box || event.altKey || event.ctrlKey || event.metaKey) return;
      if (event.key === "Escape") clear();
      if (!/^(Arrow(Up|Down|Left|Right)|Home|End)$/.test(event.key)) return;
      event.preventDefault();
      const found = next(box, event.key);
      found.scrollIntoView({ block: "nearest", inline: "nearest" });
      show(box, found);
    });
  }

  for (const controls of document.querySelectorAll(".controls")) controls.hidden = false;

  const filter = document.querySelector("[data-filter]");
  filter?.addEventListener("change", () => {
    const items = [...document.querySelectorAll("#mistakes li")];
    for (const each of document.querySelectorAll("#mistakes > details")) each.open = true;
    for (const item of items) {
      item.hidden = filter.value && !item.dataset.classes.split(" ").includes(filter.value);
    }
    const left = items.filter((item) => !item.hidden).length;
    document.getElementById("mistakes-shown").textContent = `${left} shown`;
  });

  const opener = document.querySelector("[data-open]");
  opener?.addEventListener("change", () => {
    for (const each of document.querySelectorAll("#gallery > details")) {
      each.open = each.dataset.class === opener.value;
      if (each.open) each.scrollIntoView({ block: "nearest" });
    }
  });
  const openAll = (open) => () => {
    for (const each of document.querySelectorAll("#gallery > details")) each.open = open;
  };
  document.querySelector("[data-open-all]")?.addEventListener("click", openAll(true));
  document.querySelector("[data-close-all]")?.addEventListener("click", openAll(false));

  const highlight = document.querySelector("[data-highlight]");
  highlight?.addEventListener("change", () => {
    clear();
    for (const group of document.querySelectorAll(".scatter [data-class]")) {
      const faded = highlight.value !== "" && group.dataset.class !== highlight.value;
      group.classList.toggle("faded", faded);
    }
    for (const box of boxes) box.current = undefined;
  });
})();
