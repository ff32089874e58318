// The Export panel of a served page: pictures are drawn here, all other files are asked of the server and come with its
// answer. Streamlit's own download button would lose them while a page streams: it drops a file after two redraws.

const askedFiles = new WeakMap(); // root -> number of the request that is awaited
let requests = 0;

function answer(root, { token, name, told }, content) {
  if (!token || askedFiles.get(root) !== token) return; // also comes again when the panel is opened anew
  askedFiles.delete(root);
  if (name) deliver(new Blob([content]), name);
  root.querySelector("[role=status]").textContent = told;
}

globalThis.boardFiles = ({ data, parentElement, setTriggerValue }) => {
  const root = parentElement.querySelector(".board-files");
  const bytes = data.slice();
  const size = new DataView(bytes.buffer).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + size)));
  boardButtons(root, () => document.querySelector(`.st-key-${head.board} .board`));
  root.querySelector(".board-scripts").hidden = !head.scripts;
  for (const button of root.querySelectorAll("button[data-file]")) {
    button.onclick = () => {
      askedFiles.set(root, (requests += 1));
      root.querySelector("[role=status]").textContent = "Making the file …";
      setTriggerValue("wanted", { file: button.dataset.file, token: requests });
    };
  }
  answer(root, head, bytes.subarray(8 + size));
};
