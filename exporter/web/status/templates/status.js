"use strict";
(() => {
  const at = (id) => document.getElementById(id);
  const list = at("accounts"), field = at("filter"), pause = at("pause"), none = at("none");
  const interval = Number(document.body.dataset.refresh) * 1000;
  let timer = 0, busy = false, paused = false, failedSince = null, why = "";

  // The server filters by the same rule (account_view.py).
  function applyFilter() {
    const wanted = field.value.trim(), words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const card of list.children) {
      const found = (card.dataset.key + " " + card.dataset.find).toLowerCase();
      card.hidden = !words.every((word) => found.includes(word));
      shown += !card.hidden;
    }
    const total = Number(list.dataset.total), number = (count) => count.toLocaleString("en");
    at("count").value = words.length ? `${number(shown)} of ${number(total)} shown` : "";
    none.hidden = shown > 0;
    if (!shown) explain(total ? wanted : "");
  }

  function explain(wanted) {
    none.replaceChildren("The configuration contains no account.");
    if (!wanted) return;
    const name = document.createElement("bdi"), all = document.createElement("a");
    name.textContent = wanted.replace(/[\u202a-\u202e\u2066-\u2069]/g, "\ufffd");
    all.href = "?filter=";
    all.textContent = "Show all";
    none.replaceChildren("No account matches “", name, "”. ", all);
  }

  function setFilter(text) {
    field.value = text;
    remember();
    applyFilter();
  }

  function remember() {
    const text = field.value.trim();
    history.replaceState(null, "", text ? "?filter=" + encodeURIComponent(text) : location.pathname);
  }

  // Unchanged nodes are kept, and with them focus, selection, open details and scroll position.
  function morph(old, fresh) {
    if (old.nodeName !== fresh.nodeName) return old.replaceWith(fresh);
    if (old.nodeType !== Node.ELEMENT_NODE) {
      if (old.data !== fresh.data) old.data = fresh.data;
      return;
    }
    for (const { name } of [...old.attributes]) {
      if (name !== "open" && name !== "hidden" && !fresh.hasAttribute(name)) old.removeAttribute(name);
    }
    for (const { name, value } of fresh.attributes) {
      if (name !== "hidden" && old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    const before = [...old.childNodes], after = [...fresh.childNodes];
    after.forEach((node, place) => (before[place] ? morph(before[place], node) : old.append(node)));
    before.slice(after.length).forEach((node) => node.remove());
  }

  function arrange(fresh) {
    const after = [...fresh.children], wanted = new Set(after.map((card) => card.dataset.key));
    const known = new Map();
    for (const card of [...list.children]) wanted.has(card.dataset.key) ? known.set(card.dataset.key, card) : card.remove();
    let cursor = list.firstElementChild;
    for (const card of after) {
      const old = known.get(card.dataset.key);
      if (old && old === cursor) cursor = cursor.nextElementSibling;
      else list.insertBefore(old || card, cursor);
      if (old) morph(old, card);
    }
    list.dataset.total = fresh.dataset.total;
  }

  function update(page) {
    const fresh = page.getElementById("accounts");
    if (!fresh) throw new Error("the answer is not the status page");
    if (page.body.dataset.version !== document.body.dataset.version) return location.reload();
    const focus = document.activeElement;
    for (const id of ["summary", "asof", "icon"]) morph(at(id), page.getElementById(id));
    document.title = page.title;
    arrange(fresh);
    applyFilter();
    if (focus !== document.activeElement && focus.isConnected) focus.focus({ preventScroll: true });
  }

  async function refresh() {
    if (busy) return;
    busy = true;
    clearTimeout(timer);
    try {
      const answer = await fetch(location.pathname, { cache: "no-store", signal: AbortSignal.timeout(Math.max(interval, 10000)) });
      if (!answer.ok) throw new Error(`it answers HTTP ${answer.status}`);
      update(new DOMParser().parseFromString(await answer.text(), "text/html"));
      failedSince = null;
    } catch (error) {
      failedSince ??= new Date();
      why = error.constructor === Error ? error.message : "no answer";
    }
    showError();
    busy = false;
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
    link.id === "again" ? refresh() : setFilter(new URLSearchParams(link.search).get("filter") || "");
  });
  document.addEventListener("visibilitychange", () => (document.hidden || paused ? clearTimeout(timer) : refresh()));
  addEventListener("pageshow", (event) => event.persisted && !paused && refresh());
  field.addEventListener("input", applyFilter);
  field.addEventListener("change", remember);
  field.form.addEventListener("submit", (event) => {
    event.preventDefault();
    remember();
  });
  applyFilter();
  // A page that the server has filtered lacks the other accounts.
  list.children.length < Number(list.dataset.total) ? refresh() : schedule();
})();
