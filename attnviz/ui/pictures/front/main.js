import { FieldStage } from "../../fields/front/stage.js";
import { streamlit } from "../../front/host.js";
import { PictureBoard } from "./board.js";

class PicturesStage extends FieldStage {
  constructor(element) {
    super(element, PictureBoard);
  }
}

export default function picturesStage(component) {
  streamlit(component, "attnvizPictures", PicturesStage);
}
