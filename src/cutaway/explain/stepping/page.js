// Shows one step of the film at a time. All that is told was made beforehand and lies in the page's data; nothing here
// computes, and nothing of the data is ever read as HTML.

const data = JSON.parse(document.getElementById("data").textContent);
const { frames, nodes, values, rows, files } = data;
const at = (id) => document.getElementById(id);
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const SHOWN_AT_ONCE = 100; // numbers; what holds more is folded
const PAUSE = 200; // milliseconds

// In which frame each node is computed, and in which its gradient arrives.
const forwardFrame = new Map();
const backwardFrame = new Map();
frames.forEach((frame, i) => {
  if (frame.phase === "forward") forwardFrame.set(frame.node, i);
  if (frame.phase === "backward") backwardFrame.set(frame.node, i);
});
const rowOf = new Map(rows.flatMap((row) => row.map((node) => [node, row])));

let current = 0;
let waiting = null;

// -- making elements -------------------------------------------------------------------------------------------

function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

// A number with four digits, and as Python writes it: 2.379e-06. "nan", "inf" and "-inf" are words already.
function spelled(x) {
  if (typeof x === "boolean") return x ? "True" : "False";
  if (typeof x === "string" || Number.isInteger(x)) return String(x);
  const rounded = Number(x.toPrecision(4));
  if (Math.abs(rounded) >= 1e-4 && Math.abs(rounded) < 1e8) return String(rounded);
  return rounded.toExponential().replace(/(?<=e[+-])\d$/, "0$&");
}

function shapeText(shape) {
  if (shape.length === 0) return "scalar";
  return shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
}

function gist(value) {
  if (value.shape.length === 0) return spelled(value.numbers);
  const { min, max, nan, inf } = value.statistics;
  const parts = min === null ? [] : [min === max ? spelled(min) : `${spelled(min)} to ${spelled(max)}`];
  if (nan) parts.push(`${nan} nan`);
  if (inf) parts.push(`${inf} inf`);
  return parts.join(", ") || "empty";
}

function largest(value) {
  const { min, max } = value.statistics;
  return min === null ? 0 : Math.max(Math.abs(min), Math.abs(max));
}

function cell(x, scale, tag = "td") {
  const element = make(tag, { title: String(x) }, spelled(x));
  if (typeof x === "string") element.className = "odd"; // nan or infinity
  else if (x !== 0) {
    element.className = x > 0 ? "positive" : "negative";
    element.style.setProperty("--heat", scale ? Math.min(1, Math.abs(x) / scale).toFixed(3) : "0");
  }
  return element;
}

// The indices of an axis of which `shown` of `length` items are there; null stands for those left out.
function indices(shown, length) {
  if (shown === length) return [...Array(length).keys()];
  const half = shown / 2;
  const end = [...Array(half).keys()];
  return [...end, null, ...end.map((i) => length - half + i)];
}

function matrix(numbers, shape, scale, title) {
  const table = make("table", {}, make("caption", {}, make("span", {}, title)));
  const columns = indices(numbers[0].length, shape[1]);
  const head = make("tr", {}, make("td", { class: "gap" }));
  for (const j of columns) head.append(make("th", { scope: "col" }, j === null ? "…" : String(j)));
  table.append(make("thead", {}, head));
  const body = make("tbody", {});
  let next = 0;
  for (const i of indices(numbers.length, shape[0])) {
    const row = make("tr", {}, make("th", { scope: "row" }, i === null ? "⋮" : String(i)));
    if (i !== null) {
      const line = numbers[next++];
      let k = 0;
      for (const j of columns) row.append(j === null ? make("td", { class: "gap" }, "…") : cell(line[k++], scale));
    }
    body.append(row);
  }
  table.append(body);
  return table;
}

// An array as tables of numbers, coloured by size and sign: one for each matrix that it holds.
function heatmap(value) {
  const { shape, numbers } = value;
  const scale = largest(value);
  const grid = make("div", { class: "grid" });
  if (shape.includes(0)) return make("p", { class: "note" }, `no numbers: the shape is ${shapeText(shape)}`);
  const title = `${shapeText(shape)} ${value.dtype}${value.cut ? ", cut short" : ""}`;
  if (shape.length === 1) grid.append(matrix([numbers], [1, shape[0]], scale, title));
  else {
    const todo = [[numbers, []]];
    while (todo.length) {
      const [part, index] = todo.shift();
      if (index.length < shape.length - 2) {
        const axis = indices(part.length, shape[index.length]).filter((i) => i !== null);
        todo.push(...part.map((inner, i) => [inner, [...index, axis[i]]]));
      } else {
        const place = index.length ? `[${index.join(", ")}] of ` : "";
        grid.append(matrix(part, shape.slice(-2), scale, place + title));
      }
    }
  }
  return grid;
}

function count(numbers) {
  return Array.isArray(numbers) ? numbers.reduce((sum, part) => sum + count(part), 0) : 1;
}

// A value with its name; a large one is folded, and made when it is opened.
function figure(label, number, node, word = "from") {
  if (number === null) return make("p", { class: "note" }, label, ": overwritten since, or not known");
  const value = values[number];
  const place = node === undefined ? [] : [` ${word} `, link(node)];
  const caption = make("span", {}, label, ...place);
  if (value.shape.length === 0) {
    const one = cell(value.numbers, largest(value), "span");
    one.classList.add("number");
    return make("figure", {}, caption, " = ", one);
  }
  if (count(value.numbers) <= SHOWN_AT_ONCE) {
    return make("figure", {}, make("figcaption", {}, caption), heatmap(value));
  }
  const details = make("details", {}, make("summary", {}, `${shapeText(value.shape)}, ${gist(value)}`));
  details.addEventListener("toggle", () => {
    if (details.open && details.childElementCount === 1) details.append(heatmap(value));
  });
  return make("figure", {}, make("figcaption", {}, caption), details);
}

function link(node) {
  const button = make("button", { type: "button", class: "link" }, nodes[node].label);
  button.addEventListener("click", () => follow(node));
  return button;
}

// -- the story of a step ---------------------------------------------------------------------------------------

function tell(frame) {
  const story = at("story");
  const parts = [make("p", {}, frame.say)];
  if (frame.where) parts.unshift(make("p", { class: "where" }, frame.where));
  if (frame.phase === "start") parts.push(...frame.leaves.map((node) => figure(nodes[node].label, nodes[node].value)));
  if (frame.phase === "forward") parts.push(...tellForward(frame));
  if (frame.phase === "backward") parts.push(...tellBackward(frame));
  if (rowOf.has(frame.node)) parts.push(sideBySide(frame.node));
  story.replaceChildren(...parts);
  const column = story.querySelector("th.here");
  if (column) bringIntoView(column.closest(".grid"), column);
}

function tellForward(frame) {
  const op = make("div", { class: "formula" });
  op.append(make("code", {}, frame.formula));
  if (frame.attributes) op.append(make("p", { class: "note" }, "with ", make("code", {}, frame.attributes)));
  if (frame.filled) op.append(make("p", { class: "sum" }, frame.filled));
  return [
    op,
    make("h3", {}, "Goes in"),
    ...frame.inputs.map((input) => figure(input.name || "input", input.value, input.from)),
    make("h3", {}, "Comes out"),
    figure(nodes[frame.node].label, frame.value),
  ];
}

// Whether what is shown of the parts is in sum what is shown of the total: both are rounded.
function doAddUp(parts, total) {
  const shown = (number) => [values[number].numbers].flat(Infinity).map((x) => Number(spelled(x)));
  const sums = parts.map(shown).reduce((sum, part) => sum.map((x, i) => x + part[i]));
  const slack = 1e-12 * Math.max(...parts.map((part) => largest(values[part])));
  return shown(total).every((x, i) => !(Math.abs(x - sums[i]) > slack));
}

function tellBackward(frame) {
  const parts = [make("h3", {}, "What arrived")];
  if (frame.parts.length > 1) {
    const sums = make("div", { class: "sums" });
    frame.parts.forEach((part, i) => {
      if (i) sums.append(make("span", { class: "sign" }, "+"));
      sums.append(figure("part", part.value, part.from));
    });
    const sign = doAddUp(frame.parts.map((part) => part.value), frame.arrived) ? "=" : "≈";
    sums.append(make("span", { class: "sign" }, sign), figure("g", frame.arrived));
    parts.push(sums);
  } else parts.push(figure("g", frame.arrived, frame.parts.length ? frame.parts[0].from : undefined));
  if (frame.hooked !== null) parts.push(figure("g, after hooks on the tensor", frame.hooked));
  if (frame.remarks) parts.push(make("p", { class: "note" }, frame.remarks));
  for (const rule of frame.rules) {
    parts.push(make("h3", {}, `What goes to ${nodes[rule.to].label}${rule.argument ? `, as ${rule.argument}` : ""}`));
    const box = make("div", { class: "rule" });
    box.append(make("code", { class: "source" }, rule.source || "The rule has no source to read."));
    if (rule.formula) box.append(make("p", { class: "sum" }, rule.formula));
    if (rule.filled) box.append(make("p", { class: "sum" }, rule.filled));
    parts.push(box, ...rule.words.map((words) => make("p", { class: "note" }, words)));
    for (const held of rule.captured) {
      if (held.value !== undefined) parts.push(figure(`with ${held.name}`, held.value, held.node ?? undefined));
      else parts.push(make("p", { class: "note" }, `with ${held.name} = `, make("code", {}, held.text)));
    }
    if (rule.summed) parts.push(figure("gives", rule.gave), make("p", {}, rule.summed));
    parts.push(figure("sends", rule.sent, rule.to, "to"));
  }
  return parts;
}

// The same op at each time step: a column for each.
function sideBySide(node) {
  const row = rowOf.get(node);
  const head = make("tr", {}, make("td", { class: "gap" }));
  const lines = { value: make("tr", {}, make("th", { scope: "row" }, "value")) };
  lines.gradient = make("tr", {}, make("th", { scope: "row" }, "gradient"));
  const scales = {};
  for (const kind of ["value", "gradient"]) {
    scales[kind] = Math.max(...row.map((other) => (nodes[other][kind] === null ? 0 : largest(values[nodes[other][kind]]))));
  }
  row.forEach((other, i) => {
    const go = make("button", { type: "button", class: "link", "aria-label": `Go to time ${i + 1}` }, String(i + 1));
    go.addEventListener("click", () => follow(other));
    const here = other === node ? "here" : "";
    head.append(make("th", { scope: "col", class: here, "aria-current": here ? "true" : null }, go));
    for (const kind of ["value", "gradient"]) {
      const known = nodes[other][kind];
      const reached = kind === "value" ? forwardFrame.get(other) <= current : (backwardFrame.get(other) ?? Infinity) <= current;
      const element = make("td", {}, known === null || !reached ? "·" : gist(values[known]));
      if (known !== null && reached && scales[kind]) {
        element.classList.add("positive");
        element.style.setProperty("--heat", (largest(values[known]) / scales[kind]).toFixed(3));
      }
      if (here) element.classList.add(here);
      lines[kind].append(element);
    }
  });
  const table = make("table", {}, make("caption", {}, make("span", {}, "coloured by the largest number in it")));
  table.append(make("thead", {}, head), make("tbody", {}, lines.value, lines.gradient));
  return make("div", {}, make("h3", {}, "The same op each time"), make("div", { class: "grid times" }, table));
}

// -- the program -----------------------------------------------------------------------------------------------

function listProgram() {
  const parts = files.flatMap((file) => {
    const list = make("ol", {});
    let before = null;
    for (const line of file.lines) {
      if (before !== null && line.number > before + 1) list.append(make("li", {}, make("span", {}, "⋮")));
      list.append(make("li", { "data-lines": line.nodes.join(" ") }, make("span", {}, String(line.number)), line.code));
      before = line.number;
    }
    return [make("p", {}, file.name), list];
  });
  if (!parts.length) parts.push(make("p", {}, "Its lines could not be read."));
  at("code").replaceChildren(...parts);
}

function markProgram(node) {
  for (const line of at("code").querySelectorAll("[data-lines]")) {
    const here = node !== null && line.dataset.lines.split(" ").includes(String(node));
    if (here) line.setAttribute("aria-current", "step");
    else line.removeAttribute("aria-current");
    if (here) bringIntoView(at("code"), line, false);
  }
}

// -- stepping --------------------------------------------------------------------------------------------------

function show(index) {
  current = Math.max(0, Math.min(frames.length - 1, index));
  const frame = frames[current];
  document.body.classList.toggle("on-the-way-back", frame.phase === "backward");
  at("place").textContent = frame.place;
  at("step-title").textContent = frame.title;
  at("slider").value = current;
  at("slider").setAttribute("aria-valuetext", `${frame.place}: ${frame.title}`);
  at("jump").value = current;
  at("first").disabled = at("back").disabled = current === 0;
  at("last").disabled = at("next").disabled = current === frames.length - 1;
  tell(frame);
  markProgram(frame.node);
  paint();
  announce(frame);
}

// Tells screen readers of a step when it has stood for a moment, and not of each that is passed on the way. The slider
// and the list say for themselves which step it is.
function announce(frame) {
  const heard = document.activeElement.matches("#slider, #jump") ? [] : [frame.place, frame.title];
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    at("announce").textContent = [...heard, frame.where, frame.say].filter(Boolean).join(". ");
  }, PAUSE);
}

// To a node's step: that of its gradient when the film is on its way back, else that of its value.
function visit(node) {
  const back = backwardFrame.get(node);
  const there = frames[current].phase === "backward" ? (back ?? forwardFrame.get(node)) : (forwardFrame.get(node) ?? 0);
  show(there ?? 0);
}

// The same from a button in the story, which is told anew: the focus would be lost with the button.
function follow(node) {
  visit(node);
  at("step-title").focus();
}

const KEYS = {
  ArrowLeft: () => current - 1,
  ArrowRight: () => current + 1,
  Home: () => 0,
  End: () => frames.length - 1,
};

document.addEventListener("keydown", (event) => {
  const step = KEYS[event.key];
  if (!step || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.target.matches("select")) return;
  event.preventDefault();
  show(step());
});
at("first").addEventListener("click", () => show(0));
at("back").addEventListener("click", () => show(current - 1));
at("next").addEventListener("click", () => show(current + 1));
at("last").addEventListener("click", () => show(frames.length - 1));
at("slider").addEventListener("input", () => show(Number(at("slider").value)));
at("jump").addEventListener("change", () => show(Number(at("jump").value)));
at("depth").addEventListener("change", () => foldTo(Number(at("depth").value)));
function setZoom(to) {
  zoom = to;
  resize();
  paint();
}
at("smaller").addEventListener("click", () => setZoom(Math.max(0.1, resize() / 1.25)));
at("larger").addEventListener("click", () => setZoom(Math.min(4, resize() * 1.25)));
at("fit").addEventListener("click", () => setZoom((at("graph").clientWidth - 2) / at("graph").querySelector("svg").viewBox.baseVal.width));
addEventListener("resize", resize);

at("slider").max = frames.length - 1;
frames.forEach((frame, i) => at("jump").append(make("option", { value: i }, `${frame.place}: ${frame.title}`)));
listProgram();
openDrawing();
at("folds").hidden = at("depth").closest("label").hidden = boxes.length === 0;
show(0);
