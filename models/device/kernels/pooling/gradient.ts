/** The derivatives of average pooling and of nearest-neighbour resizing, of every order. @module */
import { type Tensor, tf } from "../../../../deps/tf.ts";
import { registerGradient, runKernel } from "../register.ts";

/** Registers the gradients of the two kernels and of their gradients: each is linear, and the transpose of the other. */
export function registerPoolingGradients(): void {
  registerGradient("AvgPool", { inputs: ["x"] }, (dy, [input], attributes) => {
    return { x: () => runKernel("AvgPoolGrad", { dy: dy as Tensor, input }, attributes) };
  });
  registerGradient("AvgPoolGrad", { inputs: ["input"] }, (u, [input], attributes) => {
    return {
      dy: () => runKernel("AvgPool", { x: u as Tensor }, attributes),
      input: () => tf.zerosLike(input),
    };
  });
  const name = "ResizeNearestNeighborGrad"; // the kernel it is of has a stock gradient that calls it
  registerGradient(name, { inputs: ["images", "dy"] }, (u, [images, dy], attributes) => {
    const size = dy.shape.slice(1, 3);
    return {
      images: () => tf.zerosLike(images),
      dy: () =>
        runKernel("ResizeNearestNeighbor", { images: u as Tensor }, { ...attributes, size }),
    };
  });
}
