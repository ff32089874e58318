// The boards of a page that is one file: their messages stand in it.
for (const node of document.querySelectorAll("[data-board]")) {
  const data = Uint8Array.from(atob(node.querySelector("script").textContent), (letter) => letter.charCodeAt(0));
  globalThis.liveBoard({ data, parentElement: node, setTriggerValue: () => {} });
  globalThis.boardButtons(node.querySelector(".board-save"), () => node.querySelector(".board"));
}
