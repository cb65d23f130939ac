// The sheet of a week saves itself a moment after the last mark, the whole of it in one request.
// What is marked and not saved yet is said beside the numbers, and leaving the page asks first.

const said = () => document.getElementById("sheet-said");
const isSheet = (element) => element?.matches?.(".sheet-form");
let pending = false;

function tell(kind) {
  const line = said();
  pending = kind === "waiting" || kind === "failed";
  line.classList.toggle("waiting", kind === "waiting");
  line.classList.toggle("failed", kind === "failed");
  if (pending) line.querySelector("[data-saving]").textContent = kind === "waiting" ? line.dataset.unsaved : line.dataset.failed;
}

document.addEventListener("change", (event) => {
  if (isSheet(event.target.form)) tell("waiting");
});

// Everyone of whom nothing is said is present; exceptions come after.
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-all-present]");
  if (!button) return;
  event.preventDefault();
  let first = null;
  for (const field of button.form.querySelectorAll(".marks")) {
    if (field.querySelector("input:checked")) continue;
    const radio = field.querySelector('input[value="present"]');
    radio.checked = true;
    first ??= radio;
  }
  first?.dispatchEvent(new Event("change", { bubbles: true }));
});

// A request that waited goes out with what the answer before it brought, else one's own marks would come back as
// somebody else's.
document.addEventListener("htmx:before:request", (event) => {
  const { ctx } = event.detail;
  if (!isSheet(ctx.sourceElement)) return;
  const form = ctx.sourceElement;
  ctx.request.body?.set?.("was", form.elements.namedItem("was").value);
  sent = marks(form);
});
let sent = "";
const marks = (form) => [...form.querySelectorAll(".marks input:checked")].map((radio) => radio.name + radio.value).join();

document.addEventListener("htmx:after:swap", (event) => {
  const { ctx } = event.detail;
  const form = document.querySelector(".sheet-form");
  if (!isSheet(ctx.sourceElement)) return;
  // Marks that were set while this answer was on its way are still to be saved.
  if (form && form === ctx.sourceElement && marks(form) !== sent) tell("waiting");
  else pending = false;
});
document.addEventListener("portal:refused", (event) => {
  if (!isSheet(event.target)) return;
  event.preventDefault();
  tell("failed");
});
addEventListener("beforeunload", (event) => {
  if (pending) event.preventDefault();
});
