// The sheet of a week saves itself a moment after the last mark, the whole of it in one request.
// What is marked and not saved yet is said beside the numbers, and leaving the page asks first.

const isSheet = (element) => element?.matches?.(".sheet-form");
// The sheets with marks that are not saved: the page of a course may show several weeks.
const pending = new Set();

function tell(form, kind) {
  const line = form.querySelector(".said");
  pending.add(form);
  line.classList.toggle("waiting", kind === "waiting");
  line.classList.toggle("failed", kind === "failed");
  line.querySelector("[data-saving]").textContent = kind === "waiting" ? line.dataset.unsaved : line.dataset.failed;
}

document.addEventListener("change", (event) => {
  if (isSheet(event.target.form)) tell(event.target.form, "waiting");
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
  sent.set(form, marks(form));
});
const sent = new WeakMap();
const marks = (form) => [...form.querySelectorAll(".marks input:checked")].map((radio) => radio.name + radio.value).join();

document.addEventListener("htmx:after:swap", (event) => {
  const form = event.detail.ctx.sourceElement;
  if (!isSheet(form)) return;
  // Marks that were set while this answer was on its way are still to be saved.
  if (form.isConnected && marks(form) !== sent.get(form)) tell(form, "waiting");
  else pending.delete(form);
});
document.addEventListener("portal:refused", (event) => {
  if (!isSheet(event.target)) return;
  event.preventDefault();
  tell(event.target, "failed");
});
addEventListener("beforeunload", (event) => {
  if ([...pending].some((form) => form.isConnected)) event.preventDefault();
});
