// Copies the address of the page, and folds the sidebar away when projector mode begins.

const SAID_MS = 2500;
const WIDE = 768; // px: in a narrower window the sidebar is folded anyway

// Where a page is not served over https nor from this machine, browsers have no clipboard for it but this old way.
const copiedByHand = (text) => {
  const field = document.createElement("textarea");
  field.value = text;
  field.style.cssText = "position: fixed; opacity: 0";
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  return done;
};

const copied = async (text) => {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copiedByHand(text);
  }
};

const press = (name) => document.querySelector(`[data-testid=${name}] button, button[data-testid=${name}]`)?.click();

// A sidebar that the person has once opened or closed by hand keeps to that whatever the page wishes: do it by hand.
const fold = (tools, folded) => {
  const open = document.querySelector("[data-testid=stSidebarCollapseButton]") !== null;
  if (folded && open) {
    tools.unfold = true;
    press("stSidebarCollapseButton");
  } else if (!folded && tools.unfold) {
    tools.unfold = false;
    if (!open && innerWidth > WIDE) press("stExpandSidebarButton");
  }
};

export default function ({ data, parentElement }) {
  const [button, said] = ["button", "span"].map((name) => parentElement.querySelector(name));
  button.onclick = async () => {
    const focused = document.activeElement;
    said.textContent = (await copied(location.href)) ? "Link copied" : "Copy the link from the address bar";
    focused?.focus();
    clearTimeout(button.hush);
    button.hush = setTimeout(() => (said.textContent = ""), SAID_MS);
  };
  if (button.folded !== data.folded) {
    if (data.folded || button.folded !== undefined) setTimeout(() => fold(globalThis.pageTools ??= {}, data.folded), 300);
    button.folded = data.folded;
  }
}
