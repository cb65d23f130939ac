// The page again without a connection: the host first, the copy where it cannot be reached. The portal is not asked here.

const NAME = "reflections-site:VERSION", FILES = ["FILES"];

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(NAME).then((store) => store.addAll(FILES)).then(() => self.skipWaiting()));
});
self.addEventListener("activate", (event) => event.waitUntil(takeOver()));
async function takeOver() {
  const old = (await caches.keys()).filter((name) => name.startsWith("reflections-site:") && name !== NAME);
  await Promise.all(old.map((name) => caches.delete(name)));
  await self.clients.claim();
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || !request.url.startsWith(self.registration.scope)) return;
  event.respondWith(fetch(request).catch(async () => {
    const copy = await (await caches.open(NAME)).match(request, { ignoreSearch: true });
    return copy ?? Response.error();
  }));
});
