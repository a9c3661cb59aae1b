"""Five folds of the published model in PyTorch, one full checkpoint after another, as its evaluation does: ViT-B/32 image
tower with LoRA merged, attention pooling, head. Random weights. Written from the method's formulas.
Usage: ensemble.py make DIR             writes fold_0.pt to fold_4.pt, both towers, some 600 MB each
       ensemble.py first DIR            one nodule through all folds, prints its probability
       ensemble.py serve DIR            one fold in memory that stands for all; tells its version, then for every line
                                        read the mean of five runs
"""
import json
import os
import sys

import torch
from torch import nn
from torch.nn import functional as F

FOLDS = 5


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.q, self.k, self.v, self.o = (nn.Linear(width, width) for _ in range(4))
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        n, t, width = x.shape
        y = self.ln_1(x)
        q, k, v = (f(y).view(n, t, self.heads, -1).transpose(1, 2) for f in (self.q, self.k, self.v))
        if hasattr(F, "scaled_dot_product_attention"):
            mixed = F.scaled_dot_product_attention(q, k, v)
        else:
            mixed = (q @ k.transpose(-2, -1) / (width // self.heads) ** 0.5).softmax(-1) @ v
        x = x + self.o(mixed.transpose(1, 2).reshape(n, t, width))
        h = self.up(self.ln_2(x))
        return x + self.down(h * torch.sigmoid(1.702 * h))


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 768, 32, 32, bias=False)
        self.cls, self.pos = nn.Parameter(torch.zeros(768)), nn.Parameter(torch.zeros(50, 768))
        self.ln_pre, self.ln_post = nn.LayerNorm(768), nn.LayerNorm(768)
        self.blocks = nn.ModuleList(Block(768, 12) for _ in range(12))
        self.proj = nn.Parameter(torch.zeros(768, 512))
        self.pool, self.attend = nn.Linear(512, 256), nn.Sequential(nn.Linear(256, 128), nn.Tanh(), nn.Linear(128, 1))
        self.head = nn.Linear(256, 2)
        # The text side: no part of prediction, but of every checkpoint.
        self.tokens, self.text_pos = nn.Embedding(49408, 512), nn.Parameter(torch.zeros(77, 512))
        self.text_blocks = nn.ModuleList(Block(512, 8) for _ in range(12))
        self.text_proj = nn.Parameter(torch.zeros(512, 512))

    def forward(self, views):
        n, v = views.shape[:2]
        x = self.conv(views.flatten(0, 1)).flatten(2).transpose(1, 2)
        x = self.ln_pre(torch.cat([self.cls.expand(n * v, 1, -1), x], 1) + self.pos)
        for block in self.blocks:
            x = block(x)
        h = F.relu(self.pool(self.ln_post(x[:, 0]) @ self.proj)).view(n, v, 256)
        return self.head(F.normalize((self.attend(h).softmax(1) * h).sum(1), dim=-1)).softmax(-1)[:, 1]


def load(path):
    model = Model().eval()
    model.load_state_dict(torch.load(path, map_location="cpu"))
    return model


def main():
    command, folder = sys.argv[1], sys.argv[2]
    torch.set_num_threads(os.cpu_count())
    paths = [os.path.join(folder, f"fold_{k}.pt") for k in range(FOLDS)]
    if command == "make":
        for k, path in enumerate(paths):
            torch.manual_seed(k)
            torch.save(Model().state_dict(), path)
        return
    views = torch.rand(1, 9, 1, 224, 224).expand(-1, -1, 3, -1, -1)
    answer = lambda models: sum(float(model(views)[0]) for model in models) / FOLDS
    with torch.inference_mode():
        if command == "first":
            print(json.dumps({"probability": answer(load(path) for path in paths)}))
            return
        models = [load(paths[0])] * FOLDS
        print(f"PyTorch {torch.__version__}, {torch.get_num_threads()} threads", flush=True)
        for _ in sys.stdin:
            print(answer(models), flush=True)


main()
