// Toasts: they leave after ten seconds unless someone points at them or has the focus in them.
// Made by the server (in the page or out of band), or by an event:
//   document.dispatchEvent(new CustomEvent("toast", {detail: {text, kind, retry}}))
// and by `HX-Trigger: {"toast": {"text": "…", "kind": "done"}}` of any response.

const words = JSON.parse(document.getElementById("words").textContent);
const region = document.getElementById("toasts");
const LASTS = 10_000;
const MOST = 3;

// Whoever reads, points at or stands in a toast keeps it.
const isInUse = (toast) => toast.matches(":hover, :focus-within");

function leaveLater(toast) {
  let timer;
  const start = () => {
    clearTimeout(timer);
    timer = setTimeout(() => (isInUse(toast) ? start() : remove(toast)), LASTS);
  };
  for (const left of ["mouseleave", "focusout"]) toast.addEventListener(left, start);
  start();
}

function remove(toast) {
  const hadFocus = toast.contains(document.activeElement);
  toast.remove();
  if (hadFocus) document.getElementById("content")?.focus({ preventScroll: true });
}

function button(text, className) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = className;
  made.textContent = text;
  return made;
}

function make({ text, kind, retry }) {
  const toast = document.createElement("div");
  toast.className = kind === "problem" ? "toast problem" : "toast";
  toast.setAttribute("role", kind === "problem" ? "alert" : "status");
  const said = document.createElement("span");
  said.textContent = text;
  toast.append(said);
  if (retry) {
    const again = button(words.try_again, "button");
    again.addEventListener("click", () => {
      remove(toast);
      retry();
    });
    toast.append(again);
  }
  const dismiss = button("×", "button only-icon dismiss");
  dismiss.dataset.dismiss = "";
  dismiss.setAttribute("aria-label", words.dismiss);
  toast.append(dismiss);
  return toast;
}

if (region) {
  region.querySelectorAll(".toast").forEach(leaveLater);
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes) {
      for (const node of addedNodes) if (node.nodeType === 1) leaveLater(node);
    }
    // Three at once are enough to read.
    const toasts = [...region.querySelectorAll(".toast")];
    const idle = toasts.filter((toast) => !isInUse(toast));
    idle.slice(0, Math.max(0, toasts.length - MOST)).forEach((old) => old.remove());
  }).observe(region, { childList: true });

  document.addEventListener("toast", (event) => {
    const detail = event.detail?.text ? event.detail : { text: event.detail?.value };
    if (!detail.text) return;
    for (const same of region.querySelectorAll(".toast > span")) {
      if (same.textContent === detail.text) same.parentElement.remove();
    }
    region.append(make(detail));
  });
  region.addEventListener("click", (event) => {
    if (event.target.closest("[data-dismiss]")) remove(event.target.closest(".toast"));
  });
}
