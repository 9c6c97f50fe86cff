// What Streamlit calls, anew after every change of data or theme. All state lives on the element; no clean-up function.

export default function attentionStage({ data, parentElement, setStateValue }) {
  let stage = parentElement.attnvizStage;
  if (!stage || !stage.refs.root.isConnected) {
    stage = new Stage(parentElement);
    parentElement.attnvizStage = stage;
  }
  stage.receive(data, setStateValue);
}
