"use strict";
(() => {
  const at = (id) => document.getElementById(id);
  const field = at("q"), pause = at("pause");
  const interval = Number(document.body.dataset.refresh) * 1000;
  let timer = 0, typing = 0, latest = 0, paused = false, failedSince = null, why = "";

  // Unchanged nodes are kept, and with them focus, selection, open details and scroll position.
  function morph(old, fresh) {
    if (old.nodeName !== fresh.nodeName) return old.replaceWith(fresh);
    if (old.nodeType !== Node.ELEMENT_NODE) {
      if (old.data !== fresh.data) old.data = fresh.data;
      return;
    }
    for (const { name } of [...old.attributes]) {
      if (name !== "open" && !fresh.hasAttribute(name)) old.removeAttribute(name);
    }
    for (const { name, value } of fresh.attributes) {
      if (name !== "open" && old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    arrange(old, fresh);
  }

  // Rows are matched by their account, all other nodes by their place.
  function arrange(old, fresh) {
    const rows = new Map([...old.children].filter((row) => row.dataset.key).map((row) => [row.dataset.key, row]));
    const wanted = new Set([...fresh.children].map((row) => row.dataset.key));
    for (const [key, row] of rows) if (!wanted.has(key)) row.remove();
    let cursor = old.firstChild;
    for (const node of [...fresh.childNodes]) {
      const key = node.dataset && node.dataset.key, known = key ? rows.get(key) : cursor;
      const isSame = known && (key || !(known.dataset && known.dataset.key));
      if (isSame && known === cursor) cursor = cursor.nextSibling;
      else old.insertBefore(isSame ? known : node, cursor);
      if (isSame) morph(known, node);
    }
    while (cursor) {
      const next = cursor.nextSibling;
      cursor.remove();
      cursor = next;
    }
  }

  function update(page, isElsewhere) {
    const fresh = page.getElementById("list");
    if (!fresh) throw new Error("the response is not the status page");
    if (page.body.dataset.version !== document.body.dataset.version) return location.reload();
    const focus = document.activeElement;
    for (const id of ["notes", "summary", "states", "asof", "icon", "again", "filters"]) morph(at(id), page.getElementById(id));
    document.title = page.title;
    isElsewhere ? at("list").replaceChildren(...fresh.childNodes) : morph(at("list"), fresh);
    if (isElsewhere && focus !== field) field.value = page.getElementById("q").value;
    if (focus !== document.activeElement && focus.isConnected) focus.focus({ preventScroll: true });
  }

  async function refresh(isElsewhere) {
    const number = ++latest;
    clearTimeout(timer);
    try {
      const response = await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(Math.max(interval, 10000)) });
      if (!response.ok) throw new Error(`it responds with HTTP ${response.status}`);
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      if (number !== latest) return;
      update(page, isElsewhere);
      failedSince = null;
    } catch (error) {
      if (number !== latest) return;
      failedSince ??= new Date();
      why = error.constructor === Error ? error.message : "no response";
    }
    showError();
    schedule();
  }

  function showError() {
    const lost = at("lost"), time = failedSince && failedSince.toISOString().slice(11, 19);
    const text = time ? `The exporter is unreachable since ${time} UTC: ${why}. The values below are ${at("asof").textContent}.` : "";
    lost.hidden = !text;
    if (lost.textContent !== text) lost.textContent = text;
  }

  function schedule() {
    clearTimeout(timer);
    if (!paused && !document.hidden) timer = setTimeout(refresh, interval);
  }

  function open(href, isNew) {
    if (href !== location.search) history[isNew ? "pushState" : "replaceState"](null, "", href);
    refresh(true);
  }

  function search() {
    const fields = [...new FormData(field.form)].filter(([name, value]) => name !== "q" || value.trim());
    open("?" + new URLSearchParams(fields), false);
  }

  pause.hidden = false;
  at("apply").hidden = true;
  pause.addEventListener("click", () => {
    paused = !paused;
    pause.setAttribute("aria-pressed", String(paused));
    paused ? clearTimeout(timer) : refresh();
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='?']");
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    link.id === "again" ? refresh() : open(link.getAttribute("href"), true);
  });
  document.addEventListener("visibilitychange", () => (document.hidden || paused ? clearTimeout(timer) : refresh()));
  addEventListener("pageshow", (event) => event.persisted && !paused && refresh());
  addEventListener("popstate", () => refresh(true));
  field.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(search, 200);
  });
  field.form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(typing);
    search();
  });
  schedule();
})();
