// What Streamlit calls, anew after every change of data or theme. All state lives on the element; no clean-up function.

import { Sheet } from "./sheet.js";

export default function byHand({ data, parentElement, setStateValue }) {
  let sheet = parentElement.attnvizByHand;
  if (!sheet || !sheet.root.isConnected) {
    sheet = new Sheet(parentElement);
    parentElement.attnvizByHand = sheet;
  }
  sheet.receive(data, setStateValue);
}
