// A tiny autograd engine. Put your own in its place; library.mjs says what of it a program can use.

export class Tensor {
  // Numbers, and how they were made: a function from the gradient of this tensor to those of its parents.
  constructor(data, shape, parents = [], backward = null) {
    Object.assign(this, { data, shape, parents, backwards: backward, grad: null });
    this.requiresGrad = parents.some((parent) => parent.requiresGrad);
  }

  track(on) {
    if (!on && this.parents.length) throw new Error("you can only change requires_grad flags of leaf variables.");
    return Object.assign(this, { requiresGrad: on });
  }

  backward(gradient = new Tensor(Float64Array.of(1), [])) {
    if (!this.requiresGrad) throw new Error("element 0 of tensors does not require grad and does not have a grad_fn");
    if (gradient.data.length !== this.data.length) throw new Error("grad can be implicitly created only for scalar outputs");
    const gradients = new Map([[this, gradient.data]]);
    for (const tensor of inOrder(this).reverse()) {
      const g = gradients.get(tensor);
      if (g === undefined) continue;
      if (tensor.backwards === null) {
        tensor.grad = new Tensor(tensor.grad === null ? g.slice() : g.map((one, at) => one + tensor.grad.data[at]), tensor.shape);
        continue;
      }
      tensor.backwards(g).forEach((part, at) => {
        const parent = tensor.parents[at];
        if (!parent.requiresGrad) return;
        gradients.set(parent, gradients.has(parent) ? part.map((one, n) => one + gradients.get(parent)[n]) : part);
      });
    }
  }
}

export const add = (a, b) => elementwise(a, b, (x, y) => x + y, (g) => [g, g]);
export const sub = (a, b) => elementwise(a, b, (x, y) => x - y, (g) => [g, -g]);
export const mul = (a, b) => elementwise(a, b, (x, y) => x * y, (g, x, y) => [g * y, g * x]);
export const div = (a, b) => elementwise(a, b, (x, y) => x / y, (g, x, y) => [g / y, (-g * x) / (y * y)]);
export const neg = (a) => unary(a, (x) => -x, (g) => -g);
export const exp = (a) => unary(a, Math.exp, (g, x) => g * Math.exp(x));
export const log = (a) => unary(a, Math.log, (g, x) => g / x);
export const relu = (a) => unary(a, (x) => (x <= 0 ? 0 : x), (g, x) => (x <= 0 ? 0 : g));

export function sum(a) {
  const total = a.data.reduce((one, other) => one + other, 0);
  return new Tensor(Float64Array.of(total), [], [a], (g) => [a.data.map(() => g[0])]);
}

function unary(a, f, derivative) {
  return new Tensor(a.data.map(f), a.shape, [a], (g) => [g.map((one, at) => derivative(one, a.data[at]))]);
}

function elementwise(a, b, f, derivatives) {
  const shape = broadcast(a.shape, b.shape);
  const [x, y] = [a, b].map((one) => stretched(one.data, one.shape, shape));
  return new Tensor(x.map((one, at) => f(one, y[at])), shape, [a, b], (g) => {
    const parts = Array.from(g, (one, at) => derivatives(one, x[at], y[at]));
    return [a, b].map((operand, side) => unbroadcast(parts.map((part) => part[side]), shape, operand.shape));
  });
}

function broadcast(one, other) {
  const rank = Math.max(one.length, other.length);
  const padded = [one, other].map((shape) => [...Array(rank - shape.length).fill(1), ...shape]);
  return padded[0].map((size, at) => {
    const also = padded[1][at];
    if (size !== also && size !== 1 && also !== 1) throw new Error(`shapes ${one} and ${other} do not fit`);
    return size === 1 ? also : size;
  });
}

// Where in a tensor of shape `from` each element of one of shape `to` is read.
function places(from, to) {
  let found = [0];
  let stride = from.reduce((count, size) => count * size, 1);
  const padded = [...Array(to.length - from.length).fill(1), ...from];
  to.forEach((size, at) => {
    stride = padded[at] ? stride / padded[at] : 0;
    found = found.flatMap((start) => Array.from({ length: size }, (_, n) => start + (padded[at] === 1 ? 0 : n * stride)));
  });
  return found;
}

const stretched = (data, from, to) => Float64Array.from(places(from, to), (at) => data[at]);

// The gradient summed over the dimensions that broadcasting added or stretched.
function unbroadcast(g, from, to) {
  const sums = new Float64Array(to.reduce((count, size) => count * size, 1));
  places(to, from).forEach((at, n) => (sums[at] += g[n]));
  return sums;
}

// The tensors that `root` was made of, parents first.
function inOrder(root) {
  const [order, met, stack] = [[], new Set(), [[root, false]]];
  while (stack.length) {
    const [tensor, done] = stack.pop();
    if (done) {
      order.push(tensor);
    } else if (!met.has(tensor)) {
      met.add(tensor);
      stack.push([tensor, true], ...tensor.parents.map((parent) => [parent, false]));
    }
  }
  return order;
}
