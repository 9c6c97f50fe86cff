// What Streamlit calls, anew after every change of data or theme. All state lives on the element; no clean-up function.

import { Lab } from "./lab.js";

export default function maskLab({ data, parentElement, setStateValue }) {
  let lab = parentElement.attnvizLab;
  if (!lab || !lab.refs.root.isConnected) {
    lab = new Lab(parentElement);
    parentElement.attnvizLab = lab;
  }
  lab.receive(data, setStateValue);
}
