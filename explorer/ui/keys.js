// Keys press buttons: `data` maps the name of a key to the Streamlit key of a button. One listener for each mount.

// Page Up and Page Down are not among them: that is what a lecturer's clicker sends, wherever the focus is.
const ARROWS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"];
const PRESSES = [" ", "Enter"];
const WRITTEN = "textarea, select, [role=textbox], [role=combobox], [role=spinbutton], [role=searchbox]";
const LISTS = "[role=listbox], [role=menu], [role=grid], [role=dialog], canvas";
const MOVED = "[role=slider], [role=radio], [role=tab], input[type=range], input[type=radio], [role=radiogroup] *";
const PRESSED = "button, a, summary, [role=button], [role=checkbox], [role=switch], [role=radio], [role=tab], input";
const PLAIN = ["range", "radio", "checkbox", "button", "submit"]; // inputs that nobody types into

// Whether the element with the focus does something with a key by itself.
const uses = (element, key) => {
  if (!element?.matches || element === document.body) return false;
  if (element.isContentEditable || element.matches(WRITTEN) || element.closest(LISTS)) return true;
  if (element.matches("input") && !PLAIN.includes(element.type)) return true;
  return (ARROWS.includes(key) && element.matches(MOVED)) || (PRESSES.includes(key) && element.matches(PRESSED));
};

const listener = (place, data) => {
  const pressed = (event) => {
    if (!place.isConnected) {
      document.removeEventListener("keydown", pressed);
      return;
    }
    const key = event.key?.length === 1 ? event.key.toLowerCase() : event.key;
    const name = Object.hasOwn(data, key) ? data[key] : undefined;
    const modified = event.ctrlKey || event.altKey || event.metaKey || (event.shiftKey && !/^\p{L}$/u.test(key));
    if (!name || modified || event.repeat || event.isComposing || event.defaultPrevented) return;
    if (uses(document.activeElement, key) || document.querySelector("[role=dialog][aria-modal=true]")) return;
    const button = document.querySelector(`.st-key-${CSS.escape(name)} button`);
    if (!button || button.disabled) return;
    event.preventDefault(); // the page would scroll
    button.click();
  };
  return pressed;
};

export default function ({ data, parentElement }) {
  const stop = () => document.removeEventListener("keydown", parentElement.pageKeys);
  stop();
  parentElement.pageKeys = listener(parentElement, data);
  document.addEventListener("keydown", parentElement.pageKeys);
  return () => {
    if (!parentElement.isConnected) stop();
  };
}
