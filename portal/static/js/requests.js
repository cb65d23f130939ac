// What every htmx request shares: the CSRF token, a way back from failure, and signing in again in mid-work.

const words = JSON.parse(document.getElementById("words").textContent);
const say = (text, retry) => document.dispatchEvent(new CustomEvent("toast", { detail: { text, kind: "problem", retry } }));
const tokenMeta = document.querySelector('meta[name="csrf-token"]');

// The token is read when the request leaves, so that one that was renewed meanwhile is used.
document.addEventListener("htmx:config:request", (event) => {
  const { request } = event.detail.ctx;
  if (!/^(GET|HEAD)$/.test(request.method)) request.headers["X-CSRFToken"] = tokenMeta.content;
});

// Does the same again: with what the form holds now, not with what it held then.
function repeat(ctx) {
  const { sourceElement, sourceEvent, request, target, swap } = ctx;
  if (!sourceElement.isConnected) return;
  const fresh = target?.isConnected ? { target } : {};
  htmx.ajax(request.method, request.action, { source: sourceElement, event: sourceEvent, swap, ...fresh });
}

// Failures. A control that showed its choice at once turns it back on `portal:refused`, and says so beside itself;
// the event's `retry` chooses it again.
function refuse(ctx, { saved, other }) {
  const refusal = new CustomEvent("portal:refused", { bubbles: true, cancelable: true, detail: { retry: () => repeat(ctx) } });
  const turnedBack = ctx.sourceElement.isConnected && !ctx.sourceElement.dispatchEvent(refusal);
  say(turnedBack ? saved : other, refusal.detail.retry);
}
document.addEventListener("htmx:error", (event) => {
  const { ctx, error } = event.detail;
  // Only what never reached the portal; a fault in a swap is a fault of ours and stays in the console.
  if (!ctx || ctx.response || error?.name === "SyntaxError") return;
  if (isSilent(ctx)) return;
  refuse(ctx, { saved: words.not_saved, other: words.not_done });
});
document.addEventListener("htmx:response:error", (event) => {
  const { ctx } = event.detail;
  if (ctx.response.status < 500 || isSilent(ctx)) return;
  refuse(ctx, { saved: words.not_saved_busy, other: words.not_done_busy });
});
// What refreshes by itself fails by itself; the next turn brings it.
function isSilent(ctx) {
  return ["every", "load", "intersect", "revealed"].includes(ctx.sourceEvent?.type);
}

// An error page is a page: it is not put into the row that asked. Its words are shown instead.
document.addEventListener("htmx:before:swap", (event) => {
  const { ctx } = event.detail;
  const status = ctx.response?.status ?? 200;
  if (status < 400 || status >= 500 || !/^\s*(<!--.*?-->\s*)*<!doctype/is.test(ctx.text)) return;
  event.preventDefault();
  const page = new DOMParser().parseFromString(ctx.text, "text/html");
  const said = [...page.querySelectorAll("main h1, main .lead")].map((part) => part.textContent.trim()).join(" ");
  refuse(ctx, { saved: said || words.not_saved_busy, other: said || words.not_done_busy });
});

// The session has ended: ask for the password here, then do what was asked.
const dialog = document.getElementById("reauth");
const waiting = new Set();
document.addEventListener("htmx:before:response", (event) => {
  const { ctx } = event.detail;
  if (ctx.response.status !== 401 || ctx.response.headers.get("HX-Reauth") !== "1" || !dialog) return;
  event.preventDefault();
  waiting.add(ctx);
  if (!dialog.open) dialog.showModal();
});
// The token of the session as it is now, whoever is in it.
async function freshToken() {
  const answer = await fetch(dialog.dataset.token, { headers: { Accept: "application/json" }, cache: "no-store" });
  if (answer.ok) await take(await answer.json());
}
// A page belongs to one person: when someone else has signed in meanwhile, nothing is done in their name.
async function take({ csrf, person }) {
  if (person && String(person) !== dialog.dataset.person) {
    location.reload();
    await new Promise(() => {});
  }
  if (csrf) renew(csrf);
}

// A token that no longer fits the session (signed in anew in another tab, or the cookie ran out) is renewed, once.
const renewedFor = new WeakSet();
document.addEventListener("htmx:before:response", (event) => {
  const { ctx } = event.detail;
  if (ctx.response.headers.get("HX-Stale-Form") !== "1" || !dialog || renewedFor.has(ctx.sourceElement)) return;
  event.preventDefault();
  renewedFor.add(ctx.sourceElement);
  freshToken()
    .then(() => repeat(ctx))
    .catch(() => refuse(ctx, { saved: words.not_saved, other: words.not_done }));
});
document.addEventListener("htmx:after:swap", (event) => renewedFor.delete(event.detail.ctx.sourceElement));
dialog?.querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const send = form.querySelector("button:not([type])");
  send.setAttribute("aria-busy", "true");
  try {
    // The session that has just begun, without anyone in it, has a token of its own.
    await freshToken();
    const body = new FormData(form);
    body.set("next", location.pathname + location.search);
    const answer = await fetch(form.action, {
      method: "POST",
      body,
      headers: { "X-Reauth": "1", "X-CSRFToken": tokenMeta.content, Accept: "application/json" },
    });
    const told = answer.headers.get("Content-Type")?.includes("json") ? await answer.json() : {};
    await take(told);
    // A further proof has a page of its own, and leads back to this one.
    if (answer.ok && told.step) location.assign(told.step);
    else if (answer.ok && told.csrf) goOn(form);
    else complain(told.error ?? words.signed_in_as_other);
  } catch {
    complain(words.not_done);
  } finally {
    send.removeAttribute("aria-busy");
  }
});
dialog?.addEventListener("close", () => {
  // Closed without a sign-in: what waited is turned back, and can be tried again.
  for (const ctx of waiting) refuse(ctx, { saved: words.turned_back, other: words.turned_back });
  waiting.clear();
});
function renew(token) {
  tokenMeta.content = token;
  for (const input of document.querySelectorAll('input[name="csrf_token"]')) input.value = token;
}
function complain(text) {
  const error = document.getElementById("reauth-error");
  error.textContent = text;
  error.hidden = false;
  const password = document.getElementById("reauth-password");
  password.setAttribute("aria-invalid", "true");
  password.select();
  password.focus();
}
function goOn(form) {
  const again = [...waiting];
  waiting.clear();
  form.reset();
  renew(tokenMeta.content);
  document.getElementById("reauth-error").hidden = true;
  document.getElementById("reauth-password").removeAttribute("aria-invalid");
  dialog.close();
  document.dispatchEvent(new CustomEvent("announce", { detail: { text: words.signed_in_again } }));
  again.forEach(repeat);
}

// The focus stays where the person was: htmx keeps it by id for plain swaps, this does it for all others.
// Swaps overlap: each has its own, for after the first the focus is nowhere.
const held = new WeakMap();
document.addEventListener("htmx:before:swap", ({ detail: { ctx } }) => {
  const active = document.activeElement;
  if (active && active !== document.body && !held.has(ctx)) held.set(ctx, { id: active.id, opener: active });
});
document.addEventListener("htmx:after:swap", (event) => {
  const had = held.get(event.detail.ctx);
  if (!had || had.opener.isConnected) return;
  const { target } = event.detail.ctx;
  const place = typeof target === "string" ? document.querySelector(target) : document.getElementById(target?.id);
  // What has to be read next comes first, unless someone is typing.
  const alert = place?.querySelector('[role="alert"][tabindex]');
  if (alert && !document.activeElement.matches("textarea")) alert.focus();
  if (document.activeElement !== document.body) return;
  // Else the same control, what it is folded into, or the first thing that can be done in the row.
  const same = had.id ? document.getElementById(had.id) : null;
  const first = place?.querySelector(".switch input:checked:enabled") ?? place?.querySelector(".end .button");
  for (const way of [same, same?.closest("details")?.querySelector("summary"), first]) {
    way?.focus({ preventScroll: true });
    if (document.activeElement !== document.body) return;
  }
});

// A list that renews itself leaves open what somebody opened in it. Only extensions are asked; lean pages have none.
window.htmx?.registerExtension("keeps-open", {
  htmx_before_morph_attr: (element, { attrName }) => attrName !== "open" || !element.closest("[data-keeps-open]"),
});
