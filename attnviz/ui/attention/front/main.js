// What Streamlit calls, anew after every change of data or theme. All state lives on the element; no clean-up function.

import { Stage } from "./stage.js";
import "./screen.js";

export default function attentionStage({ data, parentElement, setStateValue }) {
  let stage = parentElement.attnvizStage;
  if (!stage || !stage.refs.root.isConnected) {
    stage = new Stage(parentElement);
    parentElement.attnvizStage = stage;
  }
  stage.receive(data, setStateValue);
}
