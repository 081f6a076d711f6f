/** The WebGPU backend of TensorFlow.js; importing it registers it. @module */
export { WebGPUBackend } from "npm:@tensorflow/tfjs-backend-webgpu@4.22.0";
