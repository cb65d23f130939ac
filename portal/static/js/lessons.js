// The order of lessons by dragging a row; the buttons beside it do the same by keyboard, and after either the place
// is said and the focus stays.

const list = () => document.getElementById("lesson-rows");
const rows = () => [...list().querySelectorAll("tr[data-lesson]")];
let dragged = null;
let before = "";

const order = () => rows().map((row) => row.dataset.lesson).join();

function say(row) {
  const text = list().dataset.moved.replace("{place}", rows().indexOf(row) + 1).replace("{count}", rows().length);
  document.getElementById("live").textContent = text;
}

document.addEventListener("dragstart", (event) => {
  if (!event.target.closest?.(".grip")) return;
  dragged = event.target.closest("tr");
  before = order();
  dragged.classList.add("dragged");
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setDragImage(dragged, 0, 0);
});
document.addEventListener("dragover", (event) => {
  const over = dragged && event.target.closest?.("tr[data-lesson]");
  if (!over) return;
  event.preventDefault();
  if (over === dragged) return;
  const { top, height } = over.getBoundingClientRect();
  over[event.clientY < top + height / 2 ? "before" : "after"](dragged);
});
document.addEventListener("drop", (event) => {
  if (dragged) event.preventDefault();
});
document.addEventListener("dragend", () => {
  if (!dragged) return;
  dragged.classList.remove("dragged");
  const row = dragged;
  dragged = null;
  if (order() === before) return;
  say(row);
  htmx.ajax("POST", list().dataset.order, {
    target: "#lesson-rows",
    swap: "outerMorph",
    values: { order: order(), csrf_token: document.querySelector('meta[name="csrf-token"]').content },
  });
});

// A button that was used keeps the focus, on its row's new place.
document.addEventListener("htmx:after:swap", (event) => {
  const source = event.detail.ctx.sourceElement;
  const id = source?.querySelector?.("button[name=to]")?.closest("tr")?.id;
  const row = id && document.getElementById(id);
  if (row) say(row);
});
