// What Streamlit calls, anew after every change of data or theme. All state lives on the element; no clean-up function.

import { DecodingStage } from "./stage.js";

export default function decodingStage({ data, parentElement, setStateValue }) {
  let stage = parentElement.attnvizDecoding;
  if (!stage || !stage.root.isConnected) {
    stage = new DecodingStage(parentElement);
    parentElement.attnvizDecoding = stage;
  }
  stage.receive(data, setStateValue);
}
