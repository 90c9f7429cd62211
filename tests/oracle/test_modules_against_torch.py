"""Modules, initialisation and optimizers give PyTorch's texts, numbers and errors."""

import copy
import importlib
import io
import warnings

import pytest

pytest.importorskip("torch")

REPRS = """
CrossEntropyLoss() | MSELoss(reduction='sum') | Softmax(dim=1) | Hardtanh() | ELU() | Softplus() | GELU()
Flatten() | Identity() | Dropout(0.1, True) | ReLU(True) | ParameterList([torch.ones(2), torch.ones(2, 3)])
Softshrink() | SiLU() | LogSigmoid()
Sequential(Linear(1, 2), Tanh()) | ModuleList([Tanh(), Sequential()]) | ModuleDict({'a': ReLU6(), 'b': LeakyReLU(0.2, True)})
LayerNorm(3) | LayerNorm((2, 3), bias=False) | LayerNorm([3], elementwise_affine=False) | RMSNorm((2, 3), 1e-3, False)
GroupNorm(2, 4) | GroupNorm(2, 4, bias=False) | BatchNorm1d(3) | BatchNorm2d(3, affine=False) | BatchNorm3d(2, momentum=None)
BatchNorm2d(2).state_dict() | Conv1d(2, 4, 3).state_dict() | Conv2d(2, 4, 3, 2, 1, 2, 2, False)
Conv2d(2, 4, (3, 2), padding='same')
Conv1d(2, 4, 3)(torch.ones(2, 4)) | Conv2d(1, 2, 3)(torch.ones(1, 4, 4)) | ConvTranspose2d(2, 4, 3, 2, 1, 1, 2).state_dict()
ConvTranspose1d(1, 1, 2, 2)(torch.ones(1, 1, 3), [7]) | Conv3d(1, 2, 2, padding=(1, 0, 0)) | Conv1d(2, 2, 1, padding='valid')
AdaptiveAvgPool2d((None, 2)) | AdaptiveAvgPool1d(3)
MaxPool2d((2, 1), 1, ceil_mode=True) | AvgPool1d(2) | AvgPool2d(2, divisor_override=3) | MaxPool1d(2, return_indices=True)
MaxPool1d(2, return_indices=True)(torch.arange(8.).reshape(1, 8)) | AvgPool2d(2)(torch.arange(16.).reshape(1, 4, 4))
(lambda m: (m(torch.tensor([[1., 2], [3, 5]])), m.state_dict()))(BatchNorm1d(2, momentum=None))
(lambda m: (m(torch.tensor([[1., 2], [3, 5]])), m.eval()(torch.ones(1, 2)), m.state_dict()))(BatchNorm1d(2))
InstanceNorm1d(3) | InstanceNorm2d(3, affine=True).state_dict() | InstanceNorm3d(2, track_running_stats=True).state_dict()
InstanceNorm1d(2, affine=True)(torch.arange(8.).reshape(2, 4)) | InstanceNorm2d(2)(torch.arange(8.).reshape(1, 2, 2, 2))
InstanceNorm2d(3)(torch.arange(8.).reshape(1, 2, 2, 2)) | PReLU(2) | PReLU()(torch.tensor([-1., 2])) | RReLU(0.1, 0.2, True)
GLU(1) | GLU()(torch.arange(4.)) | Threshold(0.5, 2.) | Threshold(0.5, 2., True) | Threshold(1.5, 7.)(torch.arange(4.))
Softmax2d() | Softmax2d()(torch.ones(2, 3, 2)) | Dropout1d(0.2) | Dropout2d(0.3, True) | Dropout3d() | AlphaDropout()
FeatureAlphaDropout(0.1)
AlphaDropout().eval()(torch.ones(3)) | KLDivLoss() | PoissonNLLLoss() | GaussianNLLLoss(full=True) | HingeEmbeddingLoss(0.5)
KLDivLoss(reduction='sum')(torch.ones(2), torch.ones(2))
CosineEmbeddingLoss()(torch.ones(2, 3), torch.ones(2, 3), torch.ones(2))
MarginRankingLoss(0.5)(torch.ones(2), torch.zeros(2), torch.ones(2)) | SoftMarginLoss()(torch.ones(2), torch.ones(2))
TripletMarginLoss(2.)(torch.ones(2, 3), torch.zeros(2, 3), torch.ones(2, 3)) | MultiMarginLoss(2)(torch.eye(3), torch.arange(3))
MultiLabelMarginLoss()(torch.arange(3.), torch.tensor([2, -1, 0]))
MultiLabelSoftMarginLoss()(torch.ones(2, 3), torch.ones(2, 3))
TripletMarginWithDistanceLoss()(torch.ones(2, 3), torch.zeros(2, 3), torch.ones(2, 3)) | TripletMarginWithDistanceLoss()
PoissonNLLLoss()(torch.ones(2), torch.ones(2)) | GaussianNLLLoss()(torch.ones(2), torch.zeros(2), torch.ones(2))
CosineSimilarity(0) | CosineSimilarity()(torch.ones(2, 3), torch.ones(2, 3)) | PairwiseDistance(1., keepdim=True)
PairwiseDistance()(torch.ones(2, 3), torch.zeros(2, 3)) | MaxPool3d(2) | AvgPool3d(2, 1, 1) | AdaptiveAvgPool3d((None, 2, 1))
MaxPool3d(2)(torch.arange(8.).reshape(1, 2, 2, 2)) | AvgPool3d(2)(torch.arange(8.).reshape(1, 2, 2, 2)) | AdaptiveMaxPool1d(3)
AdaptiveMaxPool2d(2, True)(torch.arange(9.).reshape(1, 3, 3)) | AdaptiveMaxPool3d(1) | LPPool1d(2, 3) | LPPool2d(2, 2, 1, True)
LPPool2d(2, 2)(torch.arange(16.).reshape(1, 4, 4)) | LPPool3d(1, 2) | ConstantPad1d(2, 3.5) | ConstantPad2d((1, 0, 2, 1), 1.)
ZeroPad1d(1) | ZeroPad2d((1, 2, 0, 0))(torch.ones(1, 1, 2)) | ReflectionPad1d(1)
ReflectionPad2d(1)(torch.arange(9.).reshape(1, 3, 3))
ReplicationPad3d(1) | CircularPad1d((1, 0))(torch.arange(3.).reshape(1, 3)) | CircularPad2d(1)
ReflectionPad3d((1, 0, 1, 0, 1, 0))
Unfold(2, padding=1) | Fold((3, 4), 2) | Unfold(2)(torch.arange(9.).reshape(1, 1, 3, 3)) | Fold((2, 3), 2)(torch.ones(4, 2))
PixelShuffle(2) | PixelUnshuffle(2)(torch.arange(4.).reshape(1, 2, 2)) | ChannelShuffle(2) | LocalResponseNorm(2)
LocalResponseNorm(2)(torch.ones(1, 3, 2)) | Upsample(scale_factor=2) | Upsample((2, 3), mode='bilinear', align_corners=True)
Upsample(scale_factor=(1, 2))(torch.ones(1, 1, 2, 2)) | UpsamplingNearest2d(scale_factor=2) | UpsamplingBilinear2d(3)
UpsamplingBilinear2d(3)(torch.arange(4.).reshape(1, 1, 2, 2)) | Unflatten(1, (2, 2)) | Unflatten(-1, (2, 2))(torch.ones(3, 4))
Conv1d(1, 1, 3, padding=1, padding_mode='reflect')(torch.ones(1, 1, 4)).shape
Conv2d(1, 1, 2, padding=1, padding_mode='circular')(torch.ones(1, 4, 4)).shape
EmbeddingBag(5, 3) | EmbeddingBag(5, 3, mode='sum', padding_idx=-1)(torch.tensor([[1, 4]]))
Embedding(5, 3, padding_idx=-1) | Linear(2, 3, bias=False) | Sequential() | HuberLoss() | NLLLoss() | BCEWithLogitsLoss()
"""
MISTAKES = """
Conv1d(2) | Conv2d(3, 4, 1, groups=2) | Conv2d(2, 3, 1, groups=2) | Conv1d(2, 2, 1, groups=0) | GroupNorm(3, 4)
Conv1d(2, 2, 1, 2, padding='same') | ConvTranspose1d(2, 2, 1, padding_mode='reflect') | BatchNorm2d(2)(torch.ones(2, 2))
BatchNorm1d(2)(torch.ones(2)) | LayerNorm(3)(torch.ones(2, 2)) | ConvTranspose1d(1, 1, 2, 2)(torch.ones(1, 1, 3), [9])
ConvTranspose1d(1, 1, 2, 2)(torch.ones(1, 1, 3), [7, 1]) | GroupNorm(1, 2)(torch.tensor([[1.]]))
InstanceNorm1d(2)(torch.ones(2)) | InstanceNorm2d(2, affine=True)(torch.ones(1, 3, 2, 2)) | Softmax2d()(torch.ones(2))
MultiMarginLoss(3) | MultiMarginLoss(1, 1., torch.ones(1, 2)) | TripletMarginLoss(-1.) | TripletMarginWithDistanceLoss(margin=0)
Dropout2d(2) | GLU(1, 2) | CircularPad1d(1)(torch.ones(2)) | ReflectionPad1d(3)(torch.ones(1, 2)) | Threshold(1.)
PReLU(1, 2., 3, 4, 5)
Linear(2) | ReLU(foo=1) | ReLU(1, 2, 3) | Dropout(2) | Module()(1) | Module(1) | Module(a=1) | Sequential(3) | Tanh().nope
Linear(2, 2).load_state_dict(3) | Linear(2, 2).load_state_dict({'bias': torch.ones(3), 'z': torch.ones(2), 'weight': 1})
Linear(2, 2).register_parameter('a', torch.ones(2)) | Linear(2, 2).register_parameter('a.b', None)
Tanh().register_parameter('', None)
Linear(2, 2).register_buffer('weight', torch.ones(2)) | Tanh().register_buffer('a', 3) | Tanh().add_module('a.b', Tanh())
Tanh().add_module('a', 3) | Tanh().add_module('', Tanh()) | Linear(2, 2).to(torch.int64) | Tanh().train(3)
Linear(2, 2).get_submodule('weight') | Linear(2, 2).get_parameter('a') | setattr(Linear(2, 2), 'weight', 3)
setattr(Sequential(Tanh()), '0', 3) | setattr(Linear(2, 2), 'weight', torch.ones(2)) | Sequential(Tanh())[3]
optim.SGD([], lr=1) | optim.SGD(torch.ones(2)) | optim.SGD([1]) | optim.SGD([torch.ones(2, requires_grad=True) * 2])
optim.SGD({1})
optim.SGD([torch.ones(2)], lr=-1) | optim.SGD([torch.ones(2)], momentum=-1) | optim.SGD([torch.ones(2)], nesterov=True)
optim.Adam([torch.ones(2)], betas=(2, 0)) | optim.Adam([torch.ones(2)], eps=-1) | optim.Adam([{'a': 1}])
"""


def names(module):
    torch = importlib.import_module(module)
    importlib.import_module(f"{module}.optim")
    return {"torch": torch, "optim": torch.optim, **{name: getattr(torch.nn, name) for name in dir(torch.nn)}}


def answers(module, expressions):
    scope = names(module)
    found = {}
    for expression in expressions.replace("\n", " | ").split(" | "):
        if not expression.strip():
            continue
        scope["torch"].manual_seed(0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                found[expression] = repr(eval(expression, scope))
            except Exception as error:
                found[expression] = f"{type(error).__name__}: {error}".replace("numtorch.", "torch.")
    return found


@pytest.mark.parametrize("expressions", [REPRS, MISTAKES], ids=["texts", "mistakes"])
def test_modules_say_what_pytorchs_say(expressions):
    expected, actual = answers("torch", expressions), answers("numtorch", expressions)
    assert {e: (actual[e], expected[e]) for e in expected if actual[e] != expected[e]} == {}


@pytest.mark.parametrize(
    "fill", ["xavier_uniform_", "xavier_normal_", "kaiming_uniform_", "kaiming_normal_", "uniform_", "normal_", "eye_"]
)
@pytest.mark.parametrize("shape", [(3, 2), (40, 30), (2, 3, 4)])
def test_initialisation_follows_pytorchs_stream(fill, shape):
    found = []
    for module in ("torch", "numtorch"):
        torch = importlib.import_module(module)
        torch.manual_seed(5)
        try:
            found.append(getattr(torch.nn.init, fill)(torch.empty(shape)).tolist())
        except ValueError as error:
            found.append(str(error))
    assert flat(found[1]) == pytest.approx(flat(found[0]), rel=1e-5)


def flat(values):
    if isinstance(values, list):
        return [number for value in values for number in flat(value)]
    return [values] if not isinstance(values, str) else [float(ord(letter)) for letter in values]


OPTIMIZERS = {
    "SGD": lambda optim, p: optim.SGD(p, lr=0.1),
    "momentum": lambda optim, p: optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.01, dampening=0.1),
    "Nesterov": lambda optim, p: optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True, maximize=True),
    "Adam": lambda optim, p: optim.Adam(p, lr=0.01),
    "AMSGrad": lambda optim, p: optim.Adam(p, lr=0.01, weight_decay=0.1, amsgrad=True),
    "AdamW": lambda optim, p: optim.AdamW(p, lr=0.01),
    "groups": lambda optim, p: optim.SGD([{"params": list(p)[:1], "lr": 0.5}], lr=0.1),
}


def trained(module, optimizer, stop=30):
    """The losses of some steps, the state half way carried through a file."""
    torch = importlib.import_module(module)
    nn = torch.nn
    torch.manual_seed(3)
    net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 3, bias=False), nn.LogSoftmax(dim=1))
    x, y = torch.randn(16, 4), torch.randint(0, 3, (16,))
    chosen = OPTIMIZERS[optimizer](importlib.import_module(f"{module}.optim"), net.parameters())
    losses = []
    for step in range(stop):
        if step == stop // 2:
            file = io.BytesIO()
            torch.save({"net": net.state_dict(), "optimizer": chosen.state_dict()}, file)
            file.seek(0)
            state = torch.load(file)
            net = copy.deepcopy(net)
            chosen = OPTIMIZERS[optimizer](importlib.import_module(f"{module}.optim"), net.parameters())
            net.load_state_dict(state["net"])
            chosen.load_state_dict(state["optimizer"])
        chosen.zero_grad()
        loss = nn.functional.nll_loss(net(x), y)
        loss.backward()
        chosen.step()
        losses.append(loss.item())
    return losses, repr(chosen)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_training_goes_as_in_pytorch(optimizer):
    losses, text = trained("numtorch", optimizer)
    expected, expected_text = trained("torch", optimizer)
    assert losses == pytest.approx(expected, rel=1e-5)
    assert text == expected_text
