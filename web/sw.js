/** Keeps the files of the page, so that it works without a network. `files.js` names them. */

/* global FILES, VERSION */
importScripts("files.js");

const OURS = "lapland-"; // other pages of the server have caches of their own
const NAME = OURS + VERSION;

self.addEventListener("install", (event) => {
  const kept = caches.open(NAME).then((cache) => cache.addAll(FILES));
  event.waitUntil(kept.then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const old = caches.keys().then((names) => names.filter((name) => name.startsWith(OURS) && name !== NAME));
  const removed = old.then((names) => Promise.all(names.map((name) => caches.delete(name))));
  event.waitUntil(removed.then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const kept = caches.open(NAME).then((cache) => cache.match(event.request, { ignoreSearch: true }));
  event.respondWith(kept.then((answer) => answer ?? fetch(event.request)));
});
