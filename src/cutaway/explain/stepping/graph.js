"use strict";
// The drawing: what of it is lit at a step, and boxes that open and close.
//
// It was laid out with every box open. A closed box is a lid on what is in it. Where nothing but lids is left across
// the whole drawing, from side to side or from top to bottom, that stretch is cut out. What remains keeps its order, so
// nothing comes to lie on anything else.

const ROOM = 9; // beside what is kept
const BELOW = 16; // a card stands the shape of its value

let cards = []; // {element, nodes, shows, area}: nodes, lids, and tags at the ends of wires
let wires = []; // {element, edges, path}
let boxes = []; // {button, lid, frame, depth, isOpen, area, shown, title, says}
let zoom = null; // null: as wide as the pane, but no larger than it was drawn

function openDrawing() {
  const drawing = at("graph").querySelector("svg");
  const all = (selector) => [...drawing.querySelectorAll(selector)];
  cards = all(".node, .tag").map((element) => {
    const held = element.dataset.nodes.split(" ").map(Number);
    const ops = held.filter((node) => nodes[node].kind === "op");
    const shows = (ops.length ? ops : held).at(-1);
    element.addEventListener("click", () => visit(shows));
    return { element, nodes: held, shows, area: areaOf(element.querySelector("rect")) };
  });
  wires = all("[data-edges]").map((element) => {
    return { element, edges: element.dataset.edges.split(" "), path: readPath(element.getAttribute("d")) };
  });
  const frames = all(".box");
  boxes = all(".fold").map((button, i) => {
    const lid = button.previousElementSibling;
    const box = { button, lid, frame: frames[i], depth: Number(button.dataset.depth), area: areaOf(frames[i]) };
    box.title = areaOf(button.querySelector(".label"));
    box.says = areaOf(lid.querySelector(".area"));
    button.addEventListener("click", () => fold(box));
    button.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      fold(box);
    });
    return box;
  });
  foldTo(Number(at("depth").value));
}

// -- places ----------------------------------------------------------------------------------------------------

function areaOf(rect) {
  const [x, y, width, height] = ["x", "y", "width", "height"].map((name) => Number(rect.getAttribute(name)));
  return { x, y, right: x + width, bottom: y + height };
}

function isInside(area, [x, y]) {
  return x > area.x && x < area.right && y > area.y && y < area.bottom;
}

// A path of absolute M, L, V and C as [command, point, point, ...].
function readPath(text) {
  let last = null;
  return text.match(/[MLVC][^MLVC]*/g).map((part) => {
    const numbers = part.slice(1).trim().split(" ").map(Number);
    const points = part[0] === "V" ? [[last[0], numbers[0]]] : [];
    if (part[0] !== "V") for (let i = 0; i < numbers.length; i += 2) points.push([numbers[i], numbers[i + 1]]);
    last = points.at(-1);
    return [part[0] === "V" ? "L" : part[0], ...points];
  });
}

function pointsOf(wire) {
  return wire.path.flatMap(([, ...points]) => points);
}

// Where a coordinate comes to lie when all is cut out that is in one of the spans, but in none of those kept.
function squeezed(spans, kept) {
  const ends = spans.flatMap(([from, to]) => [[from, 1, 0], [to, -1, 0]]);
  ends.push(...kept.flatMap(([from, to]) => [[from, 0, 1], [to, 0, -1]]));
  ends.sort((one, other) => one[0] - other[0]);
  const cuts = [];
  let [spanning, keeping, from] = [0, 0, 0];
  for (const [x, spanned, held] of ends) {
    if (spanning > 0 && keeping === 0) cuts.push([from, x]);
    [spanning, keeping, from] = [spanning + spanned, keeping + held, x];
  }
  return (x) => cuts.reduce((left, [from, to]) => left - Math.max(0, Math.min(x, to) - from), x);
}

// -- opening and closing ---------------------------------------------------------------------------------------

function fold(box) {
  box.isOpen = !box.isOpen;
  const depths = [...at("depth").options].map((option) => option.value);
  const isAll = (depth) => depth && boxes.every((each) => each.isOpen === each.depth <= Number(depth));
  at("depth").value = depths.find(isAll) ?? ""; // which says that some are open
  arrange();
  bringIntoView(at("graph"), box.button);
}

function foldTo(depth) {
  for (const box of boxes) box.isOpen = box.depth <= depth;
  arrange();
  paint();
}

// Chromium tells screen readers of drawn things that have a title, even if these are not displayed.
function hide(element, isHidden) {
  element.toggleAttribute("hidden", isHidden);
  element.setAttribute("aria-hidden", isHidden);
}

// As much of a closed box as covers the wires that enter or leave it, by these points, and its text.
function lidOver({ area, says }, points) {
  const across = points.filter((point) => isInside(area, point)).map(([x]) => x);
  const [x, right] = [Math.min(says.x, ...across) - ROOM, Math.max(says.right, ...across) + ROOM];
  return { ...area, x: Math.max(area.x, x), right: Math.min(area.right, right) };
}

function arrange() {
  const closed = boxes.filter((box) => !box.isOpen).map((box) => box.area);
  const isCovered = (...points) => closed.some((area) => points.every((point) => isInside(area, point)));
  const isSeen = ({ area }) => !isCovered([area.x, area.y]);
  const seen = boxes.filter(isSeen);
  const pieces = cards.filter((card) => !card.element.matches(".lid"));
  for (const card of pieces) hide(card.element, !isSeen(card));
  for (const wire of wires) hide(wire.element, isCovered(...pointsOf(wire)));
  const points = wires.filter((wire) => !wire.element.hasAttribute("hidden")).flatMap(pointsOf);
  for (const box of boxes) {
    hide(box.frame, !isSeen(box) || !box.isOpen);
    hide(box.lid, !isSeen(box) || box.isOpen);
    hide(box.button, !isSeen(box));
    box.button.setAttribute("aria-expanded", box.isOpen);
    box.shown = box.isOpen ? box.area : lidOver(box, points);
  }

  const areas = pieces.filter(isSeen).map((card) => card.area);
  const says = seen.filter((box) => !box.isOpen).map((box) => box.says);
  const titles = seen.filter((box) => box.isOpen).map((box) => box.title);
  const runs = points.filter((point) => !isCovered(point));
  const borders = (start, end) => seen.flatMap(({ shown }) => [shown[start], shown[end]]).map((x) => [x - ROOM, x + ROOM]);
  const X = squeezed(
    closed.map((area) => [area.x, area.right]),
    [
      ...[...areas, ...says, ...titles].map((area) => [area.x - ROOM, area.right + ROOM]),
      ...borders("x", "right"),
      ...runs.map(([x]) => [x - ROOM / 2, x + ROOM / 2]),
    ],
  );
  const Y = squeezed(
    closed.map((area) => [area.y, area.bottom]),
    [
      ...areas.map((area) => [area.y - ROOM, area.bottom + ROOM + BELOW]),
      ...[...says, ...titles].map((area) => [area.y, area.bottom]),
      ...borders("y", "bottom"),
    ],
  );

  const move = (element, from, to = from, down = 0) => {
    element.setAttribute("transform", `translate(${X(to.x) - from.x} ${Y(to.y) - from.y + down})`);
  };
  for (const { element, area } of pieces) move(element, area);
  for (const { button, lid, frame, area, shown, says, isOpen } of seen) {
    const [x, y] = [X(shown.x), Y(shown.y)];
    const place = { x, y, width: X(shown.right) - x, height: Y(shown.bottom) - y };
    for (const rect of [frame, lid.querySelector(".card")]) {
      for (const [name, value] of Object.entries(place)) rect.setAttribute(name, value);
    }
    move(lid.querySelector(".says"), says);
    move(button, area, isOpen ? area : says, isOpen ? 0 : -1);
  }
  for (const { element, path } of wires) {
    const parts = path.map(([command, ...points]) => command + points.map(([x, y]) => `${X(x)} ${Y(y)}`).join(" "));
    element.setAttribute("d", parts.join(""));
  }
  const [graph, legend] = [".graph", ".legend"].map((part) => at("graph").querySelector(part));
  const [inner, height] = [X(Number(graph.dataset.width)), Y(Number(graph.dataset.height))];
  const width = Math.max(inner, Number(legend.dataset.width));
  graph.setAttribute("transform", `translate(${(width - inner) / 2} 0)`);
  legend.setAttribute("transform", `translate(0 ${height})`);
  const whole = { width, height: height + Number(legend.dataset.height) };
  at("graph").querySelector("svg").setAttribute("viewBox", `0 0 ${whole.width} ${whole.height}`);
  for (const [name, value] of Object.entries(whole)) at("graph").querySelector(".paper").setAttribute(name, value);
  resize();
}

function resize() {
  const drawing = at("graph").querySelector("svg");
  const { width, height } = drawing.viewBox.baseVal;
  const scale = zoom ?? Math.max(0.7, Math.min(1, (at("graph").clientWidth - 2) / width));
  drawing.style.width = `${Math.round(width * scale)}px`;
  drawing.style.height = `${Math.round(height * scale)}px`;
  return scale;
}

// -- the current step ------------------------------------------------------------------------------------------

function isComputed(node) {
  return (forwardFrame.get(node) ?? -1) <= current;
}

function paint() {
  const frame = frames[current];
  const now = new Set(frame.edges || []);
  const came = new Set(frame.came || []);
  let focus = null;
  for (const card of cards) {
    const computed = isComputed(card.shows);
    const here = frame.node !== null && card.nodes.includes(frame.node);
    card.element.classList.toggle("computed", computed);
    card.element.classList.toggle("arrived", (backwardFrame.get(card.shows) ?? Infinity) <= current);
    card.element.classList.toggle("later", !computed && !here);
    card.element.classList.toggle("now", here);
    if (here && card.element.matches(".node:not([hidden])")) focus = card.element;
  }
  for (const wire of wires) {
    wire.element.classList.toggle("now", wire.edges.some((edge) => now.has(edge)));
    wire.element.classList.toggle("came", wire.edges.some((edge) => came.has(edge)));
  }
  if (focus) bringIntoView(at("graph"), focus);
}

// Scrolls the container, and never the page around it.
function bringIntoView(container, element, sideways = true) {
  const inner = element.getBoundingClientRect();
  const outer = container.getBoundingClientRect();
  const behavior = calm.matches ? "auto" : "smooth";
  const margin = Math.min(60, outer.height / 4);
  if (inner.top < outer.top + margin || inner.bottom > outer.bottom - margin) {
    container.scrollBy({ top: inner.top + inner.height / 2 - outer.top - outer.height / 2, behavior });
  }
  if (sideways && (inner.left < outer.left || inner.right > outer.right)) {
    container.scrollBy({ left: inner.left + inner.width / 2 - outer.left - outer.width / 2, behavior });
  }
}
