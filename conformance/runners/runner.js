"use strict";
/* A runner in JavaScript: the other side of torchstone's protocol, for a library of tensors and derivatives.

One file, which needs node 18 and no package.

    node runner.cjs library.mjs

by the names that `torchstone init javascript` gives them; within torchstone the first is runner.js. torchstone starts it,
writes requests on its stdin and reads answers from its stdout, one JSON object a line. library.mjs says what of a library a
program can use; it exports one object:

    name, version    what reports call it
    features         what of the cases' `requires` it has: `FUNCTIONAL` or `TAPE` for a whole library, a list of your own, or
                     `featuresOf(operators, …)`, which adds to the names that are given the operators that are there
    dtypes           those that it has, by PyTorch's names
    array(dtype, shape, elements)    a value of the library with these elements, row by row
    read(value)      {dtype, shape, data}: the elements of a value, row by row; what does not fit together is an error of the step
    operators        by PyTorch's names, functions of the library's values: {exp: ({input}) => lib.exp(input), …}
    vjp(f, values)   for a library that differentiates functions: f takes values and returns an array of them; the answer
                     is a function from a cotangent for each of those to a gradient (or null) for each value
    track(value, on), backward(value, cotangent or null), grad(value)    for a library with a tape, instead of vjp. `track`
                     gives the value that requires a gradient from now on, or with an `on` of false none any more, and
                     throws where the library refuses; if it takes no `on`, `requires_grad_(False)` is unsupported

and, where it needs them:

    open()           made ready before the first program; may be async
    begin(), end(values)             called around each program; `values` are all that the program made
    lacks(error)     whether an error says that the library does not do this, as opposed to that it refuses it
    number(value, isFloat)           how a number is given as an operand; default: as a number of JavaScript
    stands           dtypes whose elements another one holds: {int64: "int32"} for a library of 32-bit indices
    facets           what is observed; default: value grad raised dtype shape
    facts(value)     more of what is seen of a tensor: {requires_grad, is_leaf, version, stride}
    memory(value)    what is the same for values that share memory
    methods, functions               what operators are not: {register_hook: ({self, args, kwargs, wrap, unwrap}) => …},
                     and below `torch`, {no_grad: ({args, kwargs, wrap, unwrap}) => ({enter() {…}, exit() {…}})}
    mode()           {grad, inference}

An operator gets its arguments by PyTorch's names; one that is left out is PyTorch's default, and null where that is None
(`sum: ({input, dim, keepdim}) => …` gets a dim of null for the sum of everything). A tensor arrives as a value of the library
and a number as a number: `pow: ({input, exponent}) => …` gets an exponent of 2 for `x ** 2`, a value for `x ** y`, and an input
that is a number for `2 ** x` (`number` makes values of `input` and `other`, and of nothing else). One dimension arrives as a
number, several as an array of numbers (`x.sum((0, 1))`, the shape of `reshape`, the dims of `permute`), a list of tensors as an
array of values, a dtype as its name.

An argument that a program gives, and that the operator does not read, makes the program unsupported; so does an operator that
is not there. Leave out what the library has not, and never put one together from others: what it does at a tie or a kink would
be yours, and be blamed on the library.

The specification is docs/protocol.md, docs/program.md and docs/trace.md of torchstone. */

const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const readline = require("node:readline");
const { createRequire } = require("node:module");
const { pathToFileURL } = require("node:url");

const PROTOCOL = 1;
const FORMAT = 1;
const FACETS = ["value", "grad", "raised", "dtype", "shape"];
const MAX_NESTING = 4;
const MAX_CALLS = 1000;
const MAX_DEPTH = 32;

/* What a library without a tape takes part in, and one whose gradients have no gradients. */
const FUNCTIONAL = [
  "backward", "grad", "create_graph", "complex", "elementwise", "broadcast", "matmul", "linalg", "indexing",
  "promotion", "comparison", "norm", "sort", "max", "mean", "sum", "prod", "std", "pow", "where", "expand", "cat",
  "stack", "view", "abs", "add", "sub", "mul", "div", "neg", "exp", "log", "sqrt", "sin", "cos", "tanh", "sigmoid",
  "relu", "sign", "dot", "mm", "mv", "reshape", "permute", "squeeze", "transpose", "unbind", "gather", "take", "topk",
  "einsum", "tensordot", "addmm", "index_select", "item", "tolist",
];
const TAPE = [...FUNCTIONAL.filter((name) => !["grad", "create_graph", "complex"].includes(name)), "tape"];

/* What a library with these operators has of the cases' `requires`, and what else is named. */
function featuresOf(operators, ...others) {
  const needs = { indexing: "getitem", comparison: "lt" };
  return [...others, ...FUNCTIONAL.filter((name) => Object.hasOwn(operators, needs[name] ?? name))];
}

class Missing extends Error {} // The library has no such thing: the step is unsupported, and no error of the program.
class Blocked extends Error {} // A name is read that was never bound, because its step raised or was blocked itself.

class PythonError extends Error {
  // What Python itself raises.
  constructor(type, message) {
    super(message);
    this.type = type;
  }
}

// ------------------------------------------------------------------------------------------------- operators and parameters

/* PyTorch's parameters and defaults, one operator a line: the table of conformance/subjects/libraries/signatures.py. */
const BOTH = `
add(input, other, *, alpha=1)
sub(input, other, *, alpha=1)
mul(input, other)
div(input, other, *, rounding_mode=None)
true_divide(input, other)
floor_divide(input, other)
remainder(input, other)
fmod(input, other)
pow(input, exponent)
float_power(input, exponent)
maximum(input, other)
minimum(input, other)
fmax(input, other)
fmin(input, other)
atan2(input, other)
hypot(input, other)
logaddexp(input, other)
logaddexp2(input, other)
copysign(input, other)
xlogy(input, other)
eq(input, other)
ne(input, other)
lt(input, other)
le(input, other)
gt(input, other)
ge(input, other)
logical_and(input, other)
logical_or(input, other)
logical_xor(input, other)
logical_not(input)
isclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False)
lerp(input, end, weight)
addcmul(input, tensor1, tensor2, *, value=1)
addcdiv(input, tensor1, tensor2, *, value=1)
neg(input)
abs(input)
square(input)
sqrt(input)
rsqrt(input)
reciprocal(input)
exp(input)
exp2(input)
expm1(input)
log(input)
log2(input)
log10(input)
log1p(input)
sin(input)
cos(input)
tan(input)
asin(input)
acos(input)
atan(input)
sinh(input)
cosh(input)
tanh(input)
asinh(input)
acosh(input)
atanh(input)
sinc(input)
sigmoid(input)
relu(input)
erf(input)
erfc(input)
erfinv(input)
lgamma(input)
digamma(input)
logit(input, eps=None)
i0(input)
floor(input)
ceil(input)
round(input)
trunc(input)
frac(input)
sign(input)
sgn(input)
deg2rad(input)
rad2deg(input)
isnan(input)
isinf(input)
isfinite(input)
nan_to_num(input, nan=0.0, posinf=None, neginf=None)
clamp(input, min=None, max=None)
clip(input, min=None, max=None)
clamp_min(input, min)
clamp_max(input, max)
heaviside(input, values)
sum(input, dim=None, keepdim=False, *, dtype=None)
nansum(input, dim=None, keepdim=False, *, dtype=None)
mean(input, dim=None, keepdim=False, *, dtype=None)
nanmean(input, dim=None, keepdim=False, *, dtype=None)
prod(input, dim=None, keepdim=False, *, dtype=None)
std(input, dim=None, *, correction=1, keepdim=False)
var(input, dim=None, *, correction=1, keepdim=False)
amax(input, dim=(), keepdim=False)
amin(input, dim=(), keepdim=False)
max(input, dim=None, keepdim=False)
min(input, dim=None, keepdim=False)
argmax(input, dim=None, keepdim=False)
argmin(input, dim=None, keepdim=False)
all(input, dim=None, keepdim=False)
any(input, dim=None, keepdim=False)
count_nonzero(input, dim=None)
logsumexp(input, dim, keepdim=False)
norm(input, p="fro", dim=None, keepdim=False)
cumsum(input, dim, *, dtype=None)
cumprod(input, dim, *, dtype=None)
cummax(input, dim)
cummin(input, dim)
softmax(input, dim, *, dtype=None)
log_softmax(input, dim, *, dtype=None)
sort(input, dim=-1, descending=False)
argsort(input, dim=-1, descending=False)
topk(input, k, dim=-1, largest=True, sorted=True)
matmul(input, other)
mm(input, mat2)
mv(input, vec)
bmm(input, mat2)
dot(input, tensor)
inner(input, other)
outer(input, vec2)
addmm(input, mat1, mat2, *, beta=1, alpha=1)
kron(input, other)
trace(input)
inverse(input)
det(input)
slogdet(input)
cholesky(input)
pinverse(input)
matrix_power(input, n)
reshape(input, *shape)
flatten(input, start_dim=0, end_dim=-1)
squeeze(input, dim=None)
unsqueeze(input, dim)
transpose(input, dim0, dim1)
t(input)
permute(input, *dims)
movedim(input, source, destination)
broadcast_to(input, *shape)
flip(input, *dims)
roll(input, shifts, dims=None)
tile(input, *dims)
ravel(input)
narrow(input, dim, start, length)
select(input, dim, index)
diagonal(input, offset=0, dim1=0, dim2=1)
diag(input, diagonal=0)
tril(input, diagonal=0)
triu(input, diagonal=0)
unbind(input, dim=0)
chunk(input, chunks, dim=0)
split(input, split_size_or_sections, dim=0)
gather(input, dim, index)
index_select(input, dim, index)
take_along_dim(input, indices, dim=None)
masked_fill(input, mask, value)
clone(input)
detach(input)
conj(input)
real(input)
imag(input)
angle(input)
`;

const FUNCTIONS = `
where(condition, input, other)
cat(tensors, dim=0)
stack(tensors, dim=0)
einsum(equation, *operands)
tensordot(a, b, dims=2)
zeros_like(input, *, dtype=None)
ones_like(input, *, dtype=None)
`;

const METHODS = `
view(input, *shape)
expand(input, *size)
repeat(input, *repeats)
contiguous(input)
to(input, dtype)
type_as(input, other)
float(input)
double(input)
`;

const NN = `
softplus(input, beta=1.0, threshold=20.0)
silu(input)
gelu(input, approximate="none")
elu(input, alpha=1.0)
selu(input)
celu(input, alpha=1.0)
leaky_relu(input, negative_slope=0.01)
relu6(input)
hardtanh(input, min_val=-1.0, max_val=1.0)
hardsigmoid(input)
hardswish(input)
softsign(input)
mish(input)
logsigmoid(input)
tanhshrink(input)
normalize(input, p=2.0, dim=1, eps=1e-12)
mse_loss(input, target, *, reduction="mean")
l1_loss(input, target, *, reduction="mean")
linear(input, weight, bias=None)
`;

const LINALG = `
norm(A, ord=None, dim=None, keepdim=False)
vector_norm(x, ord=2, dim=None, keepdim=False)
inv(A)
det(A)
slogdet(A)
cholesky(A)
solve(A, B)
matrix_power(A, n)
pinv(A)
eigvalsh(A)
svdvals(A)
cross(input, other, *, dim=-1)
multi_dot(tensors)
`;

/* Python's operators, by the names of its module `operator`. */
const SYMBOLS = {
  add: "add", sub: "sub", mul: "mul", truediv: "div", floordiv: "floor_divide", mod: "remainder", pow: "pow",
  matmul: "matmul", lt: "lt", le: "le", gt: "gt", ge: "ge", eq: "eq", ne: "ne", neg: "neg", abs: "abs",
};

/* Other functions of PyTorch for the same operator. */
const ALSO = {
  "nn.functional.relu": "relu",
  "nn.functional.sigmoid": "sigmoid",
  "nn.functional.tanh": "tanh",
  "nn.functional.softmax": "softmax",
  "nn.functional.log_softmax": "log_softmax",
  "special.expit": "sigmoid",
  "special.logsumexp": "logsumexp",
  concat: "cat",
  absolute: "abs",
  arcsin: "asin",
  arccos: "acos",
  arctan: "atan",
  multiply: "mul",
  divide: "div",
  subtract: "sub",
  negative: "neg",
  swapaxes: "transpose",
  swapdims: "transpose",
};

const SIGNATURES = new Map();
const METHOD_NAMES = new Map();

function constant(text) {
  if (text in { None: 0, True: 0, False: 0 }) return { None: null, True: true, False: false }[text];
  if (text === "()") return new Tuple();
  if (text.startsWith('"')) return text.slice(1, -1);
  return /^-?\d+$/.test(text) ? Number(text) : new Float(Number(text));
}

function enterSignatures(text, prefix, isFunction, isMethod) {
  for (const line of text.split("\n").filter(Boolean)) {
    const [, short, inside] = /^(\w+)\((.*)\)$/.exec(line);
    let keywordOnly = false;
    const parameters = [];
    for (const part of inside.split(", ")) {
      if (part === "*") {
        keywordOnly = true;
        continue;
      }
      const [name, value] = part.split("=");
      const variadic = name.startsWith("*");
      parameters.push({ name: name.replace("*", ""), variadic, keywordOnly, required: value === undefined && !variadic });
      if (value !== undefined) parameters.at(-1).value = constant(value);
    }
    const signature = { name: prefix + short, isFunction, parameters };
    SIGNATURES.set(signature.name, signature);
    if (isMethod) METHOD_NAMES.set(short, signature);
  }
}

/* The arguments of a call by name, defaults included, and the names of those that were given. */
function bind(signature, args, kwargs) {
  const found = {};
  const given = [];
  let at = 0;
  for (const parameter of signature.parameters) {
    const { name } = parameter;
    if (parameter.variadic) {
      // x.reshape(2, 3) and x.reshape((2, 3)) are one call.
      const rest = args.slice(at);
      at = args.length;
      found[name] = rest.length === 1 && isSequence(rest[0]) ? Array.from(rest[0]) : rest;
      given.push(name);
    } else if (!parameter.keywordOnly && at < args.length) {
      if (name in kwargs) throw new PythonError("TypeError", `multiple values for argument '${name}'`);
      found[name] = args[at++];
      given.push(name);
    } else if (name in kwargs) {
      found[name] = kwargs[name];
      given.push(name);
    } else if (parameter.required) {
      throw new PythonError("TypeError", `missing a required argument: '${name}'`);
    } else {
      found[name] = parameter.value;
    }
  }
  if (at < args.length) throw new PythonError("TypeError", "too many positional arguments");
  const odd = Object.keys(kwargs).find((name) => !(name in found));
  if (odd !== undefined) throw new Missing(`torch.${signature.name}(${odd}=)`);
  return { found, given: given.filter((name) => !isDefault(signature, name, found[name])) };
}

function isDefault(signature, name, value) {
  const parameter = signature.parameters.find((one) => one.name === name);
  if (parameter.required || parameter.variadic) return false;
  const [one, other] = [plain(value), plain(parameter.value)];
  return one === other || (Array.isArray(one) && one.length === 0 && value instanceof Tuple);
}

/* A table of operators that take their operands by position, and nothing else: "sub=subtract exp=exp", of a namespace. */
function named(namespace, table, call = (f, ...operands) => f(...operands)) {
  const found = {};
  for (const [name, path] of table.trim().split(/\s+/).map((pair) => pair.split("="))) {
    const f = path.split(".").reduce((at, part) => at?.[part], namespace);
    const operands = SIGNATURES.get(name).parameters.filter((one) => one.required).map((one) => one.name);
    if (f !== undefined) found[name] = (given) => call(f, ...operands.map((operand) => given[operand]));
  }
  return found;
}

/* A row for each of these operators. */
const rows = (names, row) => Object.fromEntries(names.map((name) => [name, row(name)]));

/* PyTorch's `dim` as NumPy's `axis`: () stands for every dimension. */
const axes = (dim) => (Array.isArray(dim) && dim.length === 0 ? null : dim);

// ------------------------------------------------------------------------------------------------------------ Python's values

class Float {
  // A number that a program says is no integer, which JavaScript cannot tell.
  constructor(value) {
    this.value = value;
  }
  valueOf() {
    return this.value;
  }
}

class Complex {
  constructor(real, imag) {
    Object.assign(this, { real, imag });
  }
}

class Tuple extends Array {
  static named(type, names, items) {
    const made = Tuple.from(items);
    return Object.assign(made, { type, names });
  }
}

class Slice {
  constructor(start, stop, step) {
    Object.assign(this, { start, stop, step });
  }
}

class DType {
  constructor(name) {
    this.name = name;
    this.is_floating_point = /^b?float/.test(name);
    this.is_complex = name.startsWith("complex");
  }
}

const ELLIPSIS = Symbol("Ellipsis");

const isSequence = Array.isArray;
const isInteger = (value) => typeof value === "number";
const isNumber = (value) => typeof value === "number" || value instanceof Float || typeof value === "boolean";
const plain = (value) => (value instanceof Float ? value.value : value);

function typeName(value) {
  if (value === null || value === undefined) return "NoneType";
  const kinds = { boolean: "bool", number: "int", string: "str", function: "function" };
  if (typeof value in kinds) return kinds[typeof value];
  if (value instanceof Float) return "float";
  if (value instanceof Map) return "dict";
  if (value instanceof Tuple) return value.type ?? "tuple";
  return Array.isArray(value) ? "list" : (value.constructor?.name ?? "object");
}

function floatOf(text) {
  const special = { nan: NaN, inf: Infinity, "-inf": -Infinity };
  return text in special ? special[text] : Number(text);
}

function floatText(number) {
  // The shortest decimal that reads back the same, as Python writes it, which needs not be what it looks like.
  if (Number.isNaN(number)) return "nan";
  if (!Number.isFinite(number)) return number > 0 ? "inf" : "-inf";
  const sign = number < 0 || Object.is(number, -0) ? "-" : "";
  const [, digits, point] = /^([\d.]+)e([+-]\d+)$/.exec(Math.abs(number).toExponential());
  const exponent = Number(point);
  if (exponent < -4 || exponent >= 16) {
    return `${sign}${digits}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
  }
  const text = Math.abs(number).toString();
  return sign + (text.includes(".") ? text : `${text}.0`);
}

/* Python's arithmetic of its own numbers. Integers stay integers. */
const NUMBERS = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  truediv: (a, b) => new Float(a / b),
  floordiv: (a, b) => Math.floor(a / b),
  mod: (a, b) => a - b * Math.floor(a / b),
  pow: (a, b) => a ** b,
  neg: (a) => -a,
  pos: (a) => +a,
  abs: (a) => Math.abs(a),
  lt: (a, b) => a < b,
  le: (a, b) => a <= b,
  gt: (a, b) => a > b,
  ge: (a, b) => a >= b,
  eq: (a, b) => a === b,
  ne: (a, b) => a !== b,
};

function arithmetic(symbol, args) {
  const values = args.map((one) => Number(plain(one)));
  if (symbol in { truediv: 0, floordiv: 0, mod: 0 } && values[1] === 0) {
    throw new PythonError("ZeroDivisionError", "division by zero");
  }
  const found = NUMBERS[symbol](...values);
  return isInteger(found) && args.some((one) => one instanceof Float) ? new Float(found) : found;
}

// ------------------------------------------------------------------------------------------------------------ elements in bytes

const WIDTH = { bool: 1, uint8: 1, int8: 1, int16: 2, int32: 4, int64: 8, uint16: 2, uint32: 4, uint64: 8 };
Object.assign(WIDTH, { float16: 2, bfloat16: 2, float32: 4, float64: 8, complex32: 4, complex64: 8, complex128: 16 });
const ACCESS = {
  bool: ["getUint8", "setUint8"],
  uint8: ["getUint8", "setUint8"],
  int8: ["getInt8", "setInt8"],
  uint16: ["getUint16", "setUint16"],
  int16: ["getInt16", "setInt16"],
  uint32: ["getUint32", "setUint32"],
  int32: ["getInt32", "setInt32"],
  uint64: ["getBigUint64", "setBigUint64"],
  int64: ["getBigInt64", "setBigInt64"],
  float32: ["getFloat32", "setFloat32"],
  float64: ["getFloat64", "setFloat64"],
};
const HALVES = { complex32: "float16", complex64: "float32", complex128: "float64" };

/* The elements of `data` as numbers; bools as 0 and 1, 64-bit integers as BigInt, complex numbers as pairs, one after the other. */
function unpack(dtype, data) {
  if (dtype in HALVES) return unpack(HALVES[dtype], data);
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const width = WIDTH[dtype];
  return Array.from({ length: data.byteLength / width }, (_, at) => {
    if (dtype === "float16") return fromHalf(view.getUint16(2 * at, true));
    if (dtype === "bfloat16") return new Float32Array(Uint32Array.of(view.getUint16(2 * at, true) << 16).buffer)[0];
    return view[ACCESS[dtype][0]](at * width, true);
  });
}

function pack(dtype, numbers) {
  if (dtype in HALVES) return pack(HALVES[dtype], numbers);
  const width = WIDTH[dtype];
  const items = Array.from(numbers);
  const bytes = Buffer.alloc(items.length * width);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  items.forEach((number, at) => {
    if (dtype === "float16") view.setUint16(2 * at, toHalf(number), true);
    else if (dtype === "bfloat16") view.setUint16(2 * at, Uint32Array.from(new Uint32Array(Float32Array.of(number).buffer))[0] >>> 16, true);
    else view[ACCESS[dtype][1]](at * width, dtype.endsWith("int64") ? BigInt(number) : Number(number), true);
  });
  return bytes;
}

function fromHalf(bits) {
  const sign = bits >> 15 ? -1 : 1;
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return exponent ? sign * 2 ** (exponent - 15) * (1 + fraction / 1024) : sign * 2 ** -24 * fraction;
}

function toHalf(number) {
  if (Number.isNaN(number)) return 0x7e00;
  const sign = number < 0 || Object.is(number, -0) ? 0x8000 : 0;
  const size = Math.abs(number);
  if (size >= 65520) return sign | 0x7c00;
  const exponent = Math.max(Math.floor(Math.log2(size)), -14);
  // Halves that a library computed are exact; others are rounded to the nearest.
  const fraction = Math.round((size / 2 ** exponent) * 1024);
  return sign | (size === 0 ? 0 : fraction < 1024 ? fraction : ((exponent + 14) << 10) + fraction);
}

// ----------------------------------------------------------------------------------------------------------------- tensors

const NAMED = {
  slogdet: ["sign", "logabsdet"],
  ...Object.fromEntries(["max", "min", "sort", "topk", "cummax", "cummin"].map((name) => [name, ["values", "indices"]])),
};

class Node {
  // One application of an operator: a function of the values of its parents.
  constructor(repeat, parents, isGradient = false) {
    Object.assign(this, { repeat, parents, isGradient });
  }
}

class Tensor {
  // A value of the library. `node` says how it was made, if a derivative may be asked for and the library keeps no tape.
  constructor(value, node = null, index = 0) {
    Object.assign(this, { value, node, index, requiresGrad: node !== null, heldGrad: null, standsFor: null, tracked: false });
  }
}

/* All that programs use of a library: operators on tensors, and derivatives. */
class Shim {
  constructor(library) {
    this.library = library;
    this.dtypes = new Map(library.dtypes.map((name) => [name, new DType(name)]));
    for (const name of Object.keys(library.stands ?? {})) this.dtypes.set(name, new DType(name));
    this.functional = library.vjp !== undefined;
    this.made = [];
    this.wrap = this.wrap.bind(this);
    this.unwrap = (value) => (value instanceof Tensor ? value.value : plain(value));
  }

  wrap(value, node = null, index = 0) {
    const tensor = new Tensor(value);
    this.made.push(value);
    if (node !== null && /float|complex/.test(this.elements(value).dtype)) {
      Object.assign(tensor, { node, index, requiresGrad: true });
    }
    return tensor;
  }

  read(tensor, name = "a tensor") {
    const { dtype, shape, data } = this.elements(tensor.value, name);
    return { dtype: tensor.standsFor ?? dtype, shape, data };
  }

  /* What the library says of the elements of a value. `name` is for the sentence that says that they cannot be. */
  elements(value, name = "a value") {
    const { dtype, shape, data } = this.library.read(value) ?? {};
    const dims = Array.from(shape ?? [null]);
    const gave = (what) => new Error(`read() gave ${what} for ${name}`);
    if (!Object.hasOwn(WIDTH, dtype)) throw gave(`the dtype ${JSON.stringify(dtype ?? null)}`);
    if (!dims.every((one) => Number.isInteger(one) && one >= 0)) throw gave(`the shape ${JSON.stringify(dims)}`);
    const count = size(dims) * (dtype.startsWith("complex") ? 2 : 1);
    if (data?.length !== count) throw gave(`${data?.length ?? "no"} elements and the shape ${JSON.stringify(dims)}`);
    return { dtype, shape: dims, data };
  }

  literal(dtype, shape, elements) {
    const { dtypes, stands = {} } = this.library;
    const held = dtypes.includes(dtype) ? dtype : stands[dtype];
    if (held === undefined) throw new Missing(`torch.${dtype}`);
    const fits = !/^u?int/.test(held) || elements.every((one) => BigInt.asIntN(8 * WIDTH[held], BigInt(one)) === BigInt(one));
    if (held !== dtype && !fits) throw new Missing(`torch.${dtype}`);
    const converted = dtype.endsWith("int64") && held !== dtype ? elements.map(Number) : elements;
    const tensor = this.wrap(this.attempt(() => this.library.array(held, shape, converted), `torch.${dtype}`));
    if (held !== dtype) tensor.standsFor = dtype;
    return tensor;
  }

  /* Runs what the library does, telling what it lacks from what it refuses. */
  attempt(f, name) {
    try {
      return f();
    } catch (error) {
      if (this.library.lacks?.(error)) throw new Missing(`${name}: ${error.message}`);
      throw error;
    }
  }

  has(name) {
    return Object.hasOwn(this.library.operators, name);
  }

  call(signature, args, kwargs) {
    const operator = this.has(signature.name) ? this.library.operators[signature.name] : null;
    if (operator === null) throw new Missing(`torch.${signature.name}`);
    const { found, given } = bind(signature, args, kwargs);
    for (const name of ["input", "other"]) {
      if (isNumber(found[name]) && this.library.number) {
        const value = found[name];
        found[name] = new Prepared(() => this.library.number(Number(plain(value)), value instanceof Float));
      }
    }
    return this.apply(signature.name, operator, found, given);
  }

  /* Applies a function of the library's values to arguments of which some are tensors. */
  apply(name, operator, given, mustBeRead = []) {
    const tensors = [];
    const plan = Object.fromEntries(Object.entries(given).map(([key, value]) => [key, planned(value, tensors)]));
    let several = false;
    const repeat = (values) => {
      const read = new Set();
      const filledIn = new Proxy(
        {},
        {
          get: (_, key) => {
            read.add(key);
            return filled(plan[key], values);
          },
        },
      );
      const found = operator(filledIn);
      const unread = mustBeRead.find((one) => !read.has(one));
      if (unread !== undefined) throw new Missing(`torch.${name}(${unread}=)`);
      several = Array.isArray(found);
      return several ? found : [found];
    };
    const values = this.attempt(() => repeat(tensors.map((one) => one.value)), `torch.${name}`);
    const tracked = tensors.some((one) => one.requiresGrad);
    const node = this.functional && tracked ? new Node(repeat, tensors) : null;
    const made = values.map((value, number) => this.wrap(value, node, number));
    if (!this.functional) {
      for (const one of made) one.requiresGrad = tracked && this.read(one, `a result of ${name}`).dtype.startsWith("float");
    }
    if (!several) return made[0];
    return name in NAMED ? Tuple.named(name, NAMED[name], made) : Tuple.from(made);
  }

  // ------------------------------------------------------------------------------------------------------- derivatives

  track(tensor, on) {
    if (typeof on !== "boolean") throw new Missing(`a requires_grad that is ${typeName(on)}`);
    if (!this.functional && on !== tensor.requiresGrad) {
      if (!on && this.library.track.length < 2) throw new Missing("Tensor.requires_grad_(False)");
      tensor.value = this.attempt(() => this.library.track(tensor.value, on), "Tensor.requires_grad_");
      tensor.tracked ||= on;
    }
    tensor.requiresGrad = on;
    return tensor;
  }

  gradOf(tensor) {
    if (this.functional) return tensor.heldGrad;
    // Some libraries keep a gradient of whatever they meet.
    if (!tensor.tracked) return null;
    const found = this.library.grad(tensor.value) ?? null;
    // The same object as long as the library keeps the same value.
    if (found === null) tensor.heldGrad = null;
    else if (tensor.heldGrad?.value !== found) tensor.heldGrad = this.wrap(found);
    return tensor.heldGrad;
  }

  backward(outputs, cotangents, createGraph = false) {
    if (!this.functional) {
      if (createGraph) throw new Missing("Tensor.backward(create_graph=True)");
      outputs.forEach((output, at) => this.library.backward(output.value, cotangents[at]?.value ?? null));
      return null;
    }
    const leaves = reachable(outputs).filter((one) => one.node === null && one.requiresGrad);
    this.gradients(outputs, cotangents, leaves, createGraph).forEach((found, at) => {
      const leaf = leaves[at];
      if (found === null) return;
      const before = leaf.heldGrad;
      const total = before === null ? found : this.call(SIGNATURES.get("add"), [before, found], {});
      // Whoever holds the gradient sees what is added to it.
      if (before === null || createGraph) leaf.heldGrad = total;
      else before.value = total.value;
    });
    return null;
  }

  /* The gradient of every input, null for one that the outputs do not depend on. */
  gradients(outputs, cotangents, inputs, createGraph) {
    if (![...outputs, ...inputs].every((one) => one instanceof Tensor) || cotangents.length !== outputs.length) {
      throw new Missing("torch.autograd.grad of what is no list of tensors");
    }
    if (outputs.some((one) => !one.requiresGrad)) {
      throw new PythonError("RuntimeError", "element 0 of tensors does not require grad and does not have a grad_fn");
    }
    const met = reachable(outputs);
    const used = inputs.filter((one) => met.includes(one));
    const given = outputs.map((output, at) => this.cotangent(output, cotangents[at]));
    // An input in the middle of the graph is made anew from what it was, so that the derivative by it is taken, and the graph
    // behind it stays whole for the others: something of its own, which is zero, is added to it.
    const middle = used.filter((one) => one.node !== null);
    const zeros = middle.map((one) => {
      const { dtype, shape, data } = this.elements(one.value);
      return this.library.array(dtype, shape, Array.from(data, () => 0));
    });
    this.made.push(...zeros);
    const leaves = used.filter((one) => one.node === null);
    if (createGraph) leaves.push(...met.filter((one) => one.node === null && one.requiresGrad && !inputs.includes(one)));
    const repeat = this.repeated(outputs, leaves, middle);
    const pulled = (values) => {
      const pull = this.library.vjp(repeat, [...values.slice(0, leaves.length), ...zeros]);
      const found = pull(values.slice(leaves.length));
      const byInput = new Map([...leaves, ...middle].map((one, at) => [one, found[at]]));
      return used.map((one) => byInput.get(one));
    };
    const parents = [...leaves, ...given];
    const values = this.attempt(() => pulled(parents.map((one) => one.value)), "a derivative");
    // Of what is linear PyTorch has no gradient of the gradient, or no graph at all, and a function does not say so.
    const mayBeNone = () => values.every((one) => one == null) || values.some((one) => one != null && this.isZero(one));
    if (met.some((one) => one.node?.isGradient) && mayBeNone()) {
      throw new Missing("a gradient of a gradient that is zero, or none");
    }
    const node = createGraph ? new Node(pulled, parents, true) : null;
    const made = new Map(used.map((one, at) => [one, values[at] == null ? null : this.wrap(values[at], node, at)]));
    return inputs.map((one) => made.get(one) ?? null);
  }

  isZero(value) {
    return Array.from(this.elements(value).data).every((one) => one === 0);
  }

  cotangent(output, given) {
    const { dtype, shape } = this.elements(output.value);
    if (given instanceof Tensor) return given;
    if (given !== null && given !== undefined) throw new Missing("a cotangent that is no tensor");
    if (size(shape) !== 1) {
      throw new PythonError("RuntimeError", "grad can be implicitly created only for scalar outputs");
    }
    return this.literal(dtype, Array.from(shape), [1]);
  }

  /* The function from the values of the leaves, and from what is added to those in the middle, to those of the outputs. */
  repeated(outputs, leaves, middle) {
    const order = reachable(outputs);
    const add = this.library.operators.add;
    return (...values) => {
      const known = new Map(leaves.map((one, at) => [one, values[at]]));
      const added = new Map(middle.map((one, at) => [one, values[leaves.length + at]]));
      const made = new Map();
      for (const tensor of order) {
        const { node } = tensor;
        if (known.has(tensor)) continue;
        if (node === null) {
          known.set(tensor, tensor.value);
          continue;
        }
        if (!made.has(node)) made.set(node, node.repeat(node.parents.map((parent) => known.get(parent))));
        const value = made.get(node)[tensor.index];
        known.set(tensor, added.has(tensor) ? add({ input: value, other: added.get(tensor), alpha: 1 }) : value);
      }
      return outputs.map((output) => known.get(output));
    };
  }
}

/* The tensors that the outputs were made of, themselves included, parents before children. */
function reachable(outputs) {
  const order = [];
  const met = new Set();
  const stack = [...outputs].reverse().map((tensor) => [tensor, false]);
  while (stack.length) {
    const [tensor, done] = stack.pop();
    if (done) {
      order.push(tensor);
    } else if (!met.has(tensor)) {
      met.add(tensor);
      stack.push([tensor, true]);
      if (tensor.node !== null) stack.push(...[...tensor.node.parents].reverse().map((parent) => [parent, false]));
    }
  }
  return order;
}

class Place {
  // Where in the list of an application's tensors an argument stands.
  constructor(at) {
    this.at = at;
  }
}

class Prepared {
  // A number that the library is given as a value of its own, made anew each time.
  constructor(make) {
    this.make = make;
  }
}

function planned(value, tensors) {
  if (value instanceof Tensor) return new Place(tensors.push(value) - 1);
  if (isSequence(value)) return Array.from(value, (item) => planned(item, tensors));
  return value instanceof DType ? value.name : plain(value);
}

function filled(value, values) {
  if (value instanceof Place) return values[value.at];
  if (value instanceof Prepared) return value.make();
  return isSequence(value) ? value.map((item) => filled(item, values)) : value;
}

const size = (shape) => Array.from(shape).reduce((count, one) => count * one, 1);

function nested(data, shape) {
  if (shape.length === 0) return data[0];
  const step = data.length / shape[0];
  return Array.from({ length: shape[0] }, (_, at) => nested(data.slice(at * step, (at + 1) * step), shape.slice(1)));
}

/* A number of a tensor, as Python has it. */
function asPython(dtype, number) {
  if (dtype === "bool") return Boolean(number);
  return dtype.startsWith("float") || dtype === "bfloat16" ? new Float(Number(number)) : Number(number);
}

// ------------------------------------------------------------------------------------------- the names that a program can use

const TENSOR = {
  // Attributes.
  shape: (shim, self) => Tuple.named("Size", [], shim.read(self).shape),
  ndim: (shim, self) => shim.read(self).shape.length,
  dtype: (shim, self) => shim.dtypes.get(shim.read(self).dtype),
  requires_grad: (shim, self) => self.requiresGrad,
  grad: (shim, self) => shim.gradOf(self),
  T: (shim, self) => {
    const dims = shim.read(self).shape.map((_, at) => at).reverse();
    return shim.call(SIGNATURES.get("permute"), [self, ...dims], {});
  },
  mT: (shim, self) => shim.call(SIGNATURES.get("transpose"), [self, -2, -1], {}),
  real: (shim, self) => shim.call(SIGNATURES.get("real"), [self], {}),
  imag: (shim, self) => shim.call(SIGNATURES.get("imag"), [self], {}),
};

const TENSOR_METHODS = {
  size: (shim, self, [dim]) => (dim === undefined ? TENSOR.shape(shim, self) : shim.read(self).shape.at(dim)),
  dim: TENSOR.ndim,
  numel: (shim, self) => size(shim.read(self).shape),
  item: (shim, self) => {
    const { dtype, data } = shim.read(self);
    if (data.length !== 1) throw new PythonError("RuntimeError", "a Tensor with several elements has no item");
    return asPython(dtype, data[0]);
  },
  tolist: (shim, self) => {
    const { dtype, shape, data } = shim.read(self);
    return nested(Array.from(data, (number) => asPython(dtype, number)), shape);
  },
  requires_grad_: (shim, self, [on], kwargs) => shim.track(self, on ?? kwargs.requires_grad ?? true),
  backward: (shim, self, args, kwargs) => {
    const names = ["gradient", "retain_graph", "create_graph", "inputs"];
    const given = { ...Object.fromEntries(args.map((one, at) => [names[at], one])), ...kwargs };
    if (given.inputs) throw new Missing("Tensor.backward(inputs=)");
    if (given.retain_graph && !shim.functional) throw new Missing("Tensor.backward(retain_graph=)");
    return shim.backward([self], [given.gradient ?? null], given.create_graph ?? false);
  },
};

const FUNCTIONS_OF_TORCH = {
  "autograd.grad": (shim, args, kwargs) => {
    const names = ["outputs", "inputs", "grad_outputs", "retain_graph", "create_graph", "only_inputs", "allow_unused"];
    const given = { ...Object.fromEntries(args.map((one, at) => [names[at], one])), ...kwargs };
    if (!shim.functional) throw new Missing("torch.autograd.grad");
    const odd = Object.keys(given).find((name) => given[name] && !names.slice(0, 5).includes(name) && name !== "allow_unused");
    if (odd !== undefined) throw new Missing(`torch.autograd.grad(${odd}=)`);
    const [outputs, inputs] = [listed(given.outputs), listed(given.inputs)];
    const cotangents = given.grad_outputs == null ? outputs.map(() => null) : listed(given.grad_outputs);
    const found = shim.gradients(outputs, cotangents, inputs, given.create_graph ?? false);
    if (!given.allow_unused && found.includes(null)) {
      const text = "One of the differentiated Tensors appears to not have been used in the graph.";
      throw new PythonError("RuntimeError", text);
    }
    return Tuple.from(found);
  },
  "autograd.backward": (shim, [tensors, grads], kwargs) => {
    if (Object.keys(kwargs).length) throw new Missing(`torch.autograd.backward(${Object.keys(kwargs)[0]}=)`);
    const outputs = listed(tensors);
    return shim.backward(outputs, grads == null ? outputs.map(() => null) : listed(grads));
  },
  tensor: (shim, [data], { dtype, requires_grad: on, ...others }) => {
    if (Object.keys(others).length || data instanceof Tensor) throw new Missing("torch.tensor of this");
    const shape = [];
    for (let at = data; isSequence(at); at = at[0]) shape.push(at.length);
    const numbers = isSequence(data) ? data.flat(Infinity) : [data];
    if (!numbers.every(isNumber) || numbers.length !== size(shape)) throw new Missing("torch.tensor of this");
    const kind = numbers.every((one) => typeof one === "boolean") && numbers.length ? "bool" : "int64";
    const name = dtype?.name ?? (numbers.some((one) => one instanceof Float) || !numbers.length ? "float32" : kind);
    const elements = numbers.map((one) => Number(plain(one)));
    const made = shim.literal(name, shape, name.endsWith("int64") ? elements.map((one) => BigInt(Math.trunc(one))) : elements);
    return on ? shim.track(made, true) : made;
  },
  zeros: (shim, args, kwargs) => filledWith(shim, 0, args, kwargs),
  ones: (shim, args, kwargs) => filledWith(shim, 1, args, kwargs),
};

function filledWith(shim, number, args, { dtype, requires_grad: on, ...others }) {
  if (Object.keys(others).length) throw new Missing(`torch.zeros(${Object.keys(others)[0]}=)`);
  const shape = isSequence(args[0]) ? Array.from(args[0]) : args;
  const name = dtype?.name ?? "float32";
  const made = shim.literal(name, shape, Array(size(shape)).fill(name.endsWith("int64") ? BigInt(number) : number));
  return on ? shim.track(made, true) : made;
}

const listed = (value) => (isSequence(value) ? Array.from(value) : [value]);

// ---------------------------------------------------------------------------------------------------------------- programs

class Scope {
  // The names of the program, or of one call of a function, and the scope around it.
  constructor(outer = null) {
    this.values = new Map();
    this.outer = outer;
  }
  find(name) {
    for (let scope = this; scope !== null; scope = scope.outer) {
      if (scope.values.has(name)) return scope.values.get(name);
    }
    throw new Blocked(name);
  }
  drop(names = []) {
    for (const name of names) this.values.delete(name);
  }
}

/* One program, from a fresh state to its trace. */
class Run {
  constructor(library, program) {
    if (program.format !== FORMAT) throw new Missing(`a program of format ${JSON.stringify(program.format)}`);
    Object.assign(this, { library, program, shim: new Shim(library), every: (program.observe ?? "every") === "every" });
    // Of the step in hand:
    Object.assign(this, { calls: [], missing: null, recorded: 0, dropped: 0, depth: 0 });
  }

  trace() {
    const { library, program, shim } = this;
    const [scope, observer, contexts, steps] = [new Scope(), new Observer(shim, true), [], []];
    library.begin?.(program.seed ?? 0);
    try {
      program.steps.forEach((step, number) => {
        Object.assign(this, { calls: [], missing: null, recorded: 0, dropped: 0 });
        const [trace] = this.step(step, scope, contexts);
        if (this.calls.length) trace.calls = this.calls;
        if (this.dropped) trace.reason = `${this.dropped} more calls, not recorded`;
        observer.on = this.every || number === program.steps.length - 1;
        steps.push(this.observed(trace, observer, scope));
        if ((step.drops ?? []).includes(step.out)) scope.drop([step.out]);
      });
    } finally {
      leave(contexts, null);
      library.end?.(shim.made);
    }
    return { format: FORMAT, steps };
  }

  /* The trace of a step with what changed. Of a value that cannot be read that is what the step came to. */
  observed(trace, observer, scope) {
    try {
      return Object.assign(trace, observer.look(scope.values));
    } catch (error) {
      const { result, ...rest } = trace;
      return trace.outcome === "returned" ? { ...rest, outcome: "raised", error: seenError(error) } : trace;
    }
  }

  /* Runs a step: its trace, and what it raised. */
  step(step, scope, contexts) {
    let result;
    try {
      result = this.execute(step, scope, contexts);
    } catch (error) {
      scope.drop(step.drops);
      if (error instanceof Blocked) return [{ outcome: "blocked", reason: error.message }, error];
      if (error instanceof Missing) this.missing = error.message;
      // An engine may have caught and thrown anew what a function of the program lacked.
      if (this.missing !== null) return [{ outcome: "unsupported", reason: this.missing }, error];
      return [{ outcome: "raised", error: seenError(error) }, error];
    }
    const trace = { outcome: "returned" };
    const seen = this.seen(result, scope.values, step.out ?? null);
    if (step.kind === "unpack") step.outs.forEach((name, at) => scope.values.set(name, result[at]));
    if (step.out != null) scope.values.set(step.out, result);
    if (seen !== null) trace.result = seen;
    return [trace, null];
  }

  execute(step, scope, contexts) {
    const { kind } = step;
    const value = (operand) => this.value(operand, scope);
    const operands = {};
    const order = kind === "setitem" ? ["self", "index", "value"] : ["function", "self", "value", "context"];
    for (const name of order) {
      if (name in step || (name === "value" && ["bind", "set", "unpack"].includes(kind))) operands[name] = value(step[name] ?? null);
    }
    const args = (step.args ?? []).map(value);
    const kwargs = Object.fromEntries(Object.entries(step.kwargs ?? {}).map(([name, one]) => [name, value(one)]));
    scope.drop(step.drops);
    const { self } = operands;
    switch (kind) {
      case "bind":
        return operands.value;
      case "call":
        if (typeof operands.function !== "function") throw new Missing(`a call of ${typeName(operands.function)}`);
        return operands.function(args, kwargs);
      case "method":
        return this.method(self, step.name, args, kwargs);
      case "operator":
        return this.operator(step.operator, args);
      case "get":
        return this.get(self, step.name);
      case "set":
        return this.set(self, step.name, operands.value);
      case "setitem":
        return this.method(self, "__setitem__", [operands.index, operands.value], {});
      case "unpack":
        return unpacked(this.items(operands.value), step.outs.length);
      case "enter":
        if (typeof operands.context?.enter !== "function") throw new Missing(`entering ${typeName(operands.context)}`);
        contexts.push(operands.context);
        return operands.context.enter() ?? null;
      case "exit":
        contexts.splice(contexts.indexOf(operands.context), 1);
        return operands.context.exit(step.error ? builtIn(step.error) : null) ?? null;
      case "delete":
        return null;
    }
    throw new Missing(`a step of kind ${JSON.stringify(kind)}`);
  }

  /* The object that an operand stands for. */
  value(operand, scope) {
    if (operand === null || typeof operand === "string" || typeof operand === "boolean") return operand;
    if (typeof operand === "number") {
      if (!Number.isSafeInteger(operand)) throw new Missing("an integer of more than 53 bits");
      return operand;
    }
    const items = () => operand.items.map((item) => this.value(item, scope));
    switch (operand.kind) {
      case "ref":
        return scope.find(operand.name);
      case "float":
        return new Float(floatOf(operand.value));
      case "complex":
        return new Complex(floatOf(operand.real), floatOf(operand.imag));
      case "global":
        return this.named(operand.path);
      case "list":
        return items();
      case "tuple":
        return Tuple.from(items());
      case "dict":
        return new Map(operand.items.map((pair) => pair.map((one) => this.value(one, scope))));
      case "slice":
        return new Slice(...["start", "stop", "step"].map((name) => this.value(operand[name] ?? null, scope)));
      case "ellipsis":
        return ELLIPSIS;
      case "tensor": {
        const { dtype, shape } = operand;
        if (!(dtype in WIDTH)) throw new Missing(`torch.${dtype}`);
        return this.shim.literal(dtype, shape, unpack(dtype, Buffer.from(operand.data, "base64")));
      }
      case "function":
        return this.function(operand, scope);
    }
    throw new Missing(`an operand of kind ${JSON.stringify(operand.kind)}`);
  }

  named(path) {
    const { shim, library } = this;
    if (!path.startsWith("torch.")) throw new Missing(path);
    const name = path.slice("torch.".length);
    if (shim.dtypes.has(name)) return shim.dtypes.get(name);
    if (library.functions && Object.hasOwn(library.functions, name)) {
      return (args, kwargs) => library.functions[name]({ args, kwargs, wrap: shim.wrap, unwrap: shim.unwrap });
    }
    if (Object.hasOwn(FUNCTIONS_OF_TORCH, name)) return (args, kwargs) => FUNCTIONS_OF_TORCH[name](shim, args, kwargs);
    const signature = SIGNATURES.get(ALSO[name] ?? name);
    if (signature?.isFunction && shim.has(signature.name)) return (args, kwargs) => shim.call(signature, args, kwargs);
    throw new Missing(path);
  }

  method(self, name, args, kwargs) {
    const { shim, library } = this;
    if (self instanceof Tensor) {
      if (library.methods && Object.hasOwn(library.methods, name)) {
        return library.methods[name]({ self, args, kwargs, wrap: shim.wrap, unwrap: shim.unwrap }) ?? null;
      }
      if (Object.hasOwn(TENSOR_METHODS, name)) return TENSOR_METHODS[name](shim, self, args, kwargs);
      if (METHOD_NAMES.has(name)) return shim.call(METHOD_NAMES.get(name), [self, ...args], kwargs);
      throw new Missing(`Tensor.${name}`);
    }
    // What a function or method of the library returned: the handle of a hook.
    if (self !== null && typeof self === "object" && typeof self[name] === "function" && !isSequence(self)) {
      return self[name](...args) ?? null;
    }
    throw new Missing(`${typeName(self)}.${name}`);
  }

  get(self, name) {
    if (self instanceof Tensor) {
      const facts = this.library.facts?.(self.value) ?? {};
      if (Object.hasOwn(facts, name)) return facts[name];
      if (Object.hasOwn(TENSOR, name)) return TENSOR[name](this.shim, self);
    } else if (self instanceof Tuple && self.names?.includes(name)) {
      return self[self.names.indexOf(name)];
    } else if (self instanceof DType && name in self) {
      return self[name];
    }
    throw new Missing(`${self instanceof Tensor ? "Tensor" : typeName(self)}.${name}`);
  }

  set(self, name, value) {
    if (self instanceof Tensor && name === "requires_grad") {
      this.shim.track(self, value);
      return null;
    }
    return this.method(self, `__set_${name}__`, [value], {});
  }

  operator(symbol, args) {
    const { shim } = this;
    if (args.some((one) => one instanceof Tensor)) {
      const [first, second] = args;
      const known = args.every((one) => one instanceof Tensor || isNumber(one));
      if (symbol === "getitem") return this.item(first, second);
      if (this.library.methods && Object.hasOwn(this.library.methods, `__${symbol}__`)) {
        return this.method(first, `__${symbol}__`, args.slice(1), {});
      }
      if (!(symbol in SYMBOLS)) throw new Missing(`operator.${symbol}`);
      if (!known) throw new PythonError("TypeError", `unsupported operand type(s): ${args.map(typeName).join(", ")}`);
      return shim.call(SIGNATURES.get(SYMBOLS[symbol]), args, {});
    }
    if (args.every(isNumber) && symbol in NUMBERS) return arithmetic(symbol, args);
    if (symbol === "getitem" && args[0] instanceof Map) {
      if (!args[0].has(args[1])) throw new PythonError("KeyError", String(args[1]));
      return args[0].get(args[1]);
    }
    if (symbol === "getitem" && isSequence(args[0]) && isInteger(args[1])) {
      const found = Array.from(args[0]).at(args[1]);
      if (found === undefined) throw new PythonError("IndexError", "list index out of range");
      return found;
    }
    throw new Missing(`operator.${symbol}`);
  }

  /* x[index]: the library's `getitem` gets the index as a list, each part a number, a tensor, a Slice, null or "...". */
  item(self, index) {
    if (!(self instanceof Tensor)) throw new Missing("operator.getitem");
    if (!this.shim.has("getitem")) throw new Missing("operator.getitem");
    const parts = (index instanceof Tuple ? Array.from(index) : [index]).map((one) => (one === ELLIPSIS ? "..." : one));
    return this.shim.apply("getitem", this.library.operators.getitem, { input: self, index: parts });
  }

  items(value) {
    if (isSequence(value)) return Array.from(value);
    if (value instanceof Tensor) {
      const { shape } = this.shim.read(value);
      if (!shape.length) throw new PythonError("TypeError", "iteration over a 0-d tensor");
      return Array.from({ length: shape[0] }, (_, at) => this.item(value, at));
    }
    throw new PythonError("TypeError", `cannot unpack non-iterable ${typeName(value)} object`);
  }

  function(data, scope) {
    if (data.generator) throw new Missing("a generator");
    const { parameters, defaults = [] } = data;
    if (parameters.some((name) => name.startsWith("*"))) throw new Missing(`parameters ${parameters}`);
    return (args, kwargs = {}) => {
      const inner = new Scope(scope);
      parameters.forEach((name, at) => {
        const fallback = defaults[at - parameters.length + defaults.length];
        const value = at < args.length ? args[at] : name in kwargs ? kwargs[name] : fallback && this.value(fallback, scope);
        if (value === undefined) throw new PythonError("TypeError", `${data.name}() missing an argument: '${name}'`);
        inner.values.set(name, value);
      });
      if (args.length > parameters.length) throw new PythonError("TypeError", `${data.name}() takes fewer arguments`);
      return this.call(data, inner);
    };
  }

  call(data, scope) {
    const [contexts, steps, outer] = [[], [], this.calls];
    // A call beyond the limits runs like any other, and only is not written down.
    const recorded = this.recorded < MAX_CALLS && this.depth < MAX_DEPTH;
    if (recorded) this.recorded += 1;
    else this.dropped += 1;
    const observer = new Observer(this.shim, recorded && this.every);
    const record = { function: data.name, arguments: [] };
    if (recorded && this.every) {
      record.arguments = [...scope.values].map(([name, value]) => this.seen(value, scope.values, name));
      Object.assign(record, observer.begin(scope.values));
    }
    this.depth += 1;
    try {
      for (const step of data.steps) {
        this.calls = [];
        const [trace, error] = this.step(step, scope, contexts);
        if (this.calls.length) trace.calls = this.calls;
        Object.assign(trace, observer.look(scope.values));
        if ((step.drops ?? []).includes(step.out)) scope.drop([step.out]);
        steps.push(trace);
        if (error !== null) throw error;
      }
      if (data.raises) throw builtIn(data.raises);
      return this.value(data.result ?? null, scope);
    } catch (error) {
      record.error = seenError(error);
      leave(contexts, error);
      throw error;
    } finally {
      this.depth -= 1;
      this.calls = outer;
      record.steps = steps;
      if (recorded) this.calls.push(record);
    }
  }

  /* What a step returned, as a trace says it. */
  seen(value, values, out, depth = 0) {
    if (value === null || value === undefined) return null;
    if (typeof value === "boolean" || typeof value === "string" || isInteger(value)) return value;
    if (value instanceof Tensor) {
      const name = out ?? [...values].find(([, bound]) => bound === value)?.[0] ?? "";
      return { kind: "tensor", name };
    }
    if (value instanceof Float) return { kind: "float", value: floatText(value.value) };
    if (value instanceof Complex) {
      return { kind: "complex", real: floatText(value.real), imag: floatText(value.imag) };
    }
    if (value instanceof DType) return { kind: "global", path: `torch.${value.name}` };
    const within = (path) => (out === null ? null : `${out}[${path}]`);
    if (isSequence(value) && depth <= MAX_NESTING) {
      const items = Array.from(value, (item, at) => this.seen(item, values, within(at), depth + 1));
      return { kind: "sequence", type: typeName(value), items };
    }
    if (value instanceof Map && depth <= MAX_NESTING) {
      const items = [...value].map(([key, item]) => [
        this.seen(key, values, null, depth + 1),
        this.seen(item, values, within(keyText(key)), depth + 1),
      ]);
      return { kind: "mapping", items };
    }
    return { kind: "opaque", type: typeName(value) };
  }
}

/* Says what changed in the tensors of a scope since it last looked. It keeps no tensor, and changes nothing. */
class Observer {
  constructor(shim, on) {
    Object.assign(this, { shim, on, known: new Map(), alias: "[]", identity: "[]", mode: undefined });
    this.facets = shim.library.facets ?? FACETS;
  }

  /* What a call begins with: its arguments and the modes. Groups are said by its first step. */
  begin(values) {
    const { changes, mode } = this.look(values);
    Object.assign(this, { alias: "[]", identity: "[]" });
    return { ...(changes && { changes }), ...(mode && { mode }) };
  }

  look(values) {
    if (!this.on) return {};
    const { library } = this.shim;
    const [known, changes, memory, objects] = [new Map(), {}, new Map(), new Map()];
    for (const [name, tensor] of this.live(values)) {
      const facts = this.facts(name, tensor);
      const before = this.known.get(name) ?? {};
      const texts = Object.fromEntries(Object.entries(facts).map(([key, value]) => [key, JSON.stringify(value)]));
      const fresh = Object.entries(facts).filter(([key]) => before[key] !== texts[key]);
      if (fresh.length || !this.known.has(name)) changes[name] = Object.fromEntries(fresh);
      known.set(name, texts);
      objects.set(tensor, [...(objects.get(tensor) ?? []), name]);
      const at = library.memory?.(tensor.value);
      if (at !== undefined && at !== null) memory.set(at, [...(memory.get(at) ?? []), name]);
    }
    this.known = known;
    const found = Object.keys(changes).length ? { changes } : {};
    for (const [facet, groups] of [["alias", memory], ["identity", objects]]) {
      const shared = [...groups.values()].filter((group) => group.length > 1);
      if (this.facets.includes(facet) && JSON.stringify(shared) !== this[facet]) found[facet] = shared;
      this[facet] = JSON.stringify(shared);
    }
    const mode = library.mode?.();
    if (mode !== undefined && JSON.stringify(mode) !== this.mode) found.mode = mode;
    this.mode = JSON.stringify(mode);
    return found;
  }

  *live(values) {
    for (const [name, value] of values) yield* this.inside(value, name, 0);
  }

  *inside(value, path, depth) {
    if (value instanceof Tensor) {
      yield [path, value];
      const grad = this.shim.gradOf(value);
      if (grad !== null) yield [`${path}.grad`, grad];
    } else if (isSequence(value) && depth < MAX_NESTING) {
      for (const [at, item] of Array.from(value).entries()) yield* this.inside(item, `${path}[${at}]`, depth + 1);
    } else if (value instanceof Map && depth < MAX_NESTING) {
      for (const [key, item] of value) yield* this.inside(item, `${path}[${keyText(key)}]`, depth + 1);
    }
  }

  facts(name, tensor) {
    const { dtype, shape, data } = this.shim.read(tensor, name);
    const value = { dtype, shape, data: pack(dtype, data).toString("base64") };
    const found = { value, dtype, shape, ...this.shim.library.facts?.(tensor.value) };
    if (!name.endsWith(".grad")) found.grad = this.shim.gradOf(tensor) === null ? "none" : "tensor";
    return found;
  }
}

function keyText(key) {
  return typeof key === "string" ? `'${key}'` : String(plain(key));
}

function unpacked(items, count) {
  if (items.length === count) return Tuple.from(items);
  const [few, got] = items.length < count ? ["not enough", `, got ${items.length}`] : ["too many", ""];
  throw new PythonError("ValueError", `${few} values to unpack (expected ${count}${got})`);
}

function leave(contexts, error) {
  while (contexts.length) {
    try {
      contexts.pop().exit(error);
    } catch {
      continue;
    }
  }
}

const builtIn = ({ type, message }) => new PythonError(type, message ?? "");

function seenError(error) {
  // An empty code: torchstone finds it from the type and the text.
  const type = error instanceof PythonError ? error.type : error instanceof Blocked ? "NameError" : (error?.name ?? "Error");
  return { type, message: String(error?.message ?? error).replace(/0x[0-9a-fA-F]+/g, "0x…"), code: "" };
}

// ---------------------------------------------------------------------------------------------------------------- protocol

function description(library) {
  const { name, version, facets = FACETS, features = [], notes = {} } = library;
  return {
    name,
    version: String(version ?? ""),
    language: "javascript",
    platform: `${os.type()} ${{ x64: "x86_64" }[os.arch()] ?? os.arch()}`,
    facets,
    features,
    notes: { node: process.versions.node, runner: "javascript", ...notes },
  };
}

/* A package of npm and its version: one that a `require` of the current folder finds, or of the folder that TORCHSTONE_NPM names.
   `pins` are the versions to install if it is not there. */
function needed(name, pins = {}) {
  const folder = path.resolve(process.env.TORCHSTONE_NPM || ".");
  const there = createRequire(path.join(folder, "library.js"));
  let file;
  try {
    file = there.resolve(name);
  } catch (error) {
    if (error.code !== "MODULE_NOT_FOUND") throw error;
    const pinned = name in pins ? `${name}@${pins[name]}` : name;
    throw new Error(
      `the npm package ${name} is not found from ${folder}; npm install --ignore-scripts ${pinned} there, ` +
        "or name the folder where it is in TORCHSTONE_NPM",
    );
  }
  let root = path.dirname(file);
  while (!fs.existsSync(path.join(root, "package.json")) || there(path.join(root, "package.json")).name !== name) {
    root = path.dirname(root);
  }
  return { module: there(name), version: there(path.join(root, "package.json")).version };
}

async function load(file) {
  const module = await import(pathToFileURL(path.resolve(file)).href);
  let library = module.default ?? module;
  if (typeof library === "function") library = await library();
  const absent = ["name", "dtypes", "array", "read", "operators"].filter((name) => library[name] === undefined);
  if (absent.length) throw new Error(`it exports no ${absent.join(", ")}`);
  await library.open?.();
  return library;
}

async function answer(request, file, state) {
  const { kind, seq = 0 } = request;
  try {
    if (kind === "hello") {
      if (request.protocol !== undefined && request.protocol !== PROTOCOL) {
        return { kind: "refused", seq, reason: `this runner speaks protocol ${PROTOCOL}, not ${request.protocol}` };
      }
      try {
        state.library = await load(file);
      } catch (error) {
        return { kind: "refused", seq, reason: `${path.basename(file)} cannot be used: ${error.message}` };
      }
      return { kind: "hello", seq, protocol: PROTOCOL, description: description(state.library) };
    }
    if (kind === "run") return { kind: "trace", seq, trace: new Run(state.library, request.program).trace() };
    if (kind === "reset" || kind === "bye") return { kind: "done", seq };
    return { kind: "error", seq, context: `no request is of kind ${JSON.stringify(kind)}` };
  } catch (error) {
    if (error instanceof Missing) return { kind: "unsupported", seq, reason: error.message };
    return { kind: "error", seq, context: String(error?.stack ?? error) };
  }
}

function send(reply) {
  const line = Buffer.from(`${JSON.stringify(reply)}\n`);
  for (let at = 0; at < line.length; ) {
    try {
      at += fs.writeSync(1, line, at);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
    }
  }
}

async function main(file) {
  // stdout is for answers alone. What the library prints goes to stderr.
  process.stdout.write = process.stderr.write.bind(process.stderr);
  // What it starts and does not wait for must not end the process.
  process.on("unhandledRejection", (error) => process.stderr.write(`${error?.stack ?? error}\n`));
  process.on("uncaughtException", (error) => process.stderr.write(`${error?.stack ?? error}\n`));
  const state = {};
  for await (const line of readline.createInterface({ input: process.stdin, crlfDelay: Infinity })) {
    let request;
    try {
      request = JSON.parse(line);
    } catch (error) {
      request = { kind: `not JSON: ${error.message}` };
    }
    const reply = await answer(request ?? {}, file, state);
    send(reply);
    if (request?.kind === "bye" || reply.kind === "refused") break;
  }
  process.exit(0);
}

enterSignatures(BOTH, "", true, true);
enterSignatures(FUNCTIONS, "", true, false);
enterSignatures(METHODS, "", false, true);
enterSignatures(NN, "nn.functional.", true, false);
enterSignatures(LINALG, "linalg.", true, false);

module.exports = { ALSO, FACETS, FUNCTIONAL, SIGNATURES, SYMBOLS, TAPE, Missing, Slice };
Object.assign(module.exports, { axes, featuresOf, floatOf, floatText, named, needed, pack, rows, unpack });

if (require.main === module) {
  if (process.argv.length !== 3) {
    process.stderr.write("usage: node runner.cjs library.mjs\n");
    process.exit(2);
  }
  main(process.argv[2]);
}
