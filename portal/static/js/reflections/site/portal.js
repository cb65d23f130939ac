// Asking the portal: with a token, never with a cookie.

import { keepToken, token } from "./device.js";
import { api, spoken } from "./drawing.js";

const LONGEST = 15_000, BUSY = new Set([408, 425, 429]);

// The portal cannot be reached, or is not at work; the message is what it says of that, if anything.
export class Away extends Error {}
// Nobody is signed in any more.
export class SignedOut extends Error {}

// What is wrong, in sentences; the heading above them where there are none.
export const saidBy = (told) => (told?.details?.length ? told.details.join(" ") : (told?.error ?? ""));

async function ask(method, path, { body, key } = {}) {
  const headers = { Accept: "application/json", "Accept-Language": spoken() };
  if (token()) headers.Authorization = `Bearer ${token()}`;
  if (body) headers["Content-Type"] = "application/json";
  if (key) headers["Idempotency-Key"] = key;
  let answer;
  try {
    const sent = { method, headers, credentials: "omit", cache: "no-store", signal: AbortSignal.timeout(LONGEST) };
    answer = await fetch(`${api}${path}`, body ? { ...sent, body: JSON.stringify(body) } : sent);
  } catch {
    throw new Away("");
  }
  const told = await answer.json().catch(() => null);
  if (answer.status >= 500 || BUSY.has(answer.status) || told === null) throw new Away(saidBy(told));
  if (answer.status === 401) {
    keepToken(null);
    throw new SignedOut(saidBy(told));
  }
  return { ok: answer.ok, status: answer.status, told };
}

export async function signIn(email, password) {
  keepToken(null);
  const { ok, told } = await ask("POST", "/auth/login", { body: { email, password } });
  if (ok && told.user.role === "student") keepToken(told.token);
  return { ok, told };
}
export async function listForms() {
  const { ok, told } = await ask("GET", "/reflections/form?limit=100");
  return ok ? told : [];
}
export const send = (round, { answers, language, number }) =>
  ask("POST", "/reflections", { body: { round_id: round, answers, language }, key: number });
export async function signOut() {
  if (token()) await ask("POST", "/auth/logout").catch(() => null);
}
