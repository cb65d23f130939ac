// It is sent: the device forgets what was written.

import { dropLocal, listToSend, takeBack } from "./store.js";

const round = document.getElementById("receipt").dataset.sent;
const { person } = document.getElementById("reauth").dataset;
dropLocal(person, round);
for (const item of await listToSend()) {
  if (String(item.person) === person && String(item.round) === round) await takeBack(item.number);
}
const pages = await caches?.open?.("reflections-pages").catch(() => null);
for (const request of (await pages?.keys()) ?? []) {
  if (new URL(request.url).pathname === location.pathname) await pages.delete(request);
}
