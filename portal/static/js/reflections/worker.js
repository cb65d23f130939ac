// The service worker of reflections: their page without a connection, and sending what waited.
// It answers for /reflections/NUMBER and for the hashed files that such a page asks for; for nothing else.

const PAGES = "reflections-pages", FILES = "reflections-files";
const PAGE = /^\/reflections\/\d+$/, FILE = /^\/static\/.+\.[0-9a-f]{10}\.\w+$/;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== location.origin) return;
  if (request.mode === "navigate" && PAGE.test(address.pathname)) event.respondWith(page(request, address));
  else if (FILE.test(address.pathname)) event.respondWith(file(request));
});

// The portal first, always; the copy only where it cannot be reached, or is not at work.
async function page(request, address) {
  try {
    const answer = await fetch(request);
    if (answer.status < 500) return answer;
    return (await copyOf(address)) ?? answer;
  } catch (error) {
    const copy = await copyOf(address);
    if (copy) return copy;
    throw error;
  }
}
async function copyOf(address) {
  const pages = await caches.open(PAGES);
  return (await pages.match(address.pathname + address.search)) ?? pages.match(address.pathname);
}
// A file's address changes with its content, so a copy is never old.
async function file(request) {
  const copy = await (await caches.open(FILES)).match(request.url);
  return copy ?? fetch(request);
}

// An open page says what it needs to be there again without a connection. One person's pages at a time.
self.addEventListener("message", (event) => {
  const { keep, send } = event.data ?? {};
  if (keep) event.waitUntil(copy(keep));
  if (send) event.waitUntil(sendAll());
});
async function copy({ pages, files }) {
  const kept = await caches.open(PAGES);
  for (const address of pages) {
    const answer = await fetch(address, { headers: { "X-Copy": "1" }, redirect: "error" }).catch(() => null);
    if (answer?.ok) await kept.put(address, answer);
  }
  const store = await caches.open(FILES);
  for (const address of files) {
    if (!(await store.match(address))) await store.add(address).catch(() => null);
  }
  const wanted = new Set(files);
  for (const request of await store.keys()) if (!wanted.has(request.url)) await store.delete(request);
}

// What waited for a connection goes out under the number of its receipt, so that it counts once whoever sends it.
self.addEventListener("sync", (event) => {
  if (event.tag === "reflections") event.waitUntil(sendAll());
});
async function sendAll() {
  const items = await ask("readonly", (store) => store.getAll());
  if (!items.length) return;
  const answer = await fetch(items[0].token, { headers: { Accept: "application/json" }, cache: "no-store" });
  const { csrf, person } = await answer.json();
  for (const item of items) {
    // Never in somebody else's name.
    if (String(person) !== String(item.person)) continue;
    await sendOne(item, csrf);
  }
}
async function sendOne(item, csrf) {
  const answer = await fetch(item.address, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": csrf, "HX-Request": "true" },
    body: JSON.stringify(item.body),
  });
  const told = await answer.json().catch(() => ({}));
  const isDone = answer.status === 201 || told.sent;
  if (!isDone && answer.status >= 500) throw new Error("The portal is away");
  // What the portal does not take is shown on the page, when it is open again.
  if (!isDone) return;
  await ask("readwrite", (store) => store.delete(item.number));
  for (const client of await self.clients.matchAll({ type: "window" })) client.postMessage({ sent: item.round });
}

function ask(mode, deed) {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open("reflections", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("outbox", { keyPath: "number" });
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const transaction = opening.result.transaction("outbox", mode);
      const asked = deed(transaction.objectStore("outbox"));
      transaction.oncomplete = () => {
        opening.result.close();
        resolve(asked.result);
      };
      transaction.onerror = () => reject(transaction.error);
    };
  });
}
