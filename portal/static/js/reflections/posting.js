// Sending to the portal: a token that no longer fits is renewed once, and an ended session is asked for in a dialog.

const words = JSON.parse(document.getElementById("reflection-words").textContent);
const tokenMeta = document.querySelector('meta[name="csrf-token"]');
const dialog = document.getElementById("reauth");
const LONGEST = 15_000;

function ask(address, body) {
  return fetch(address, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": tokenMeta.content, "HX-Request": "true" },
    body: JSON.stringify(body),
    keepalive: JSON.stringify(body).length < 60_000,
    signal: AbortSignal.timeout(LONGEST),
  });
}

// What the portal says. Raises when it cannot be reached, is not at work, or asks for a sign-in that nobody gave yet.
export async function post(address, body) {
  let answer = await ask(address, body);
  if (answer.headers.get("HX-Stale-Form") === "1") {
    await freshToken();
    answer = await ask(address, body);
  }
  if (answer.status === 401) {
    if (!dialog.open) dialog.showModal();
    throw new Error("The session has ended");
  }
  if (!answer.headers.get("Content-Type")?.includes("json")) throw new Error(`Answered with ${answer.status}`);
  return answer.json();
}

async function freshToken() {
  const answer = await fetch(words.token, { headers: { Accept: "application/json" }, cache: "no-store" });
  const { csrf, person } = await answer.json();
  // A page belongs to one person: nothing is kept in somebody else's name.
  if (person && String(person) !== String(words.person)) location.reload();
  if (csrf) tokenMeta.content = csrf;
}

export function renewed(goOn) {
  dialog?.addEventListener("close", goOn);
}
