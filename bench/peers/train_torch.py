"""One LoRA step at ViT-B/32 size in PyTorch, random weights: both towers, LoRA with dropout on q, k, v of all layers,
attention pooling, heads, CLIP loss with label smoothing and cross-entropies, AdamW. Written from the method's formulas.
Prints JSON: version, seconds of each step, peak memory in MB. Usage: train_torch.py STEPS [cpu|cuda]
"""
import json
import math
import os
import resource
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

RANK, ALPHA, DROPOUT = 2, 1.0, 0.25


class LoraLinear(nn.Linear):
    def __init__(self, width):
        super().__init__(width, width)
        self.a = nn.Parameter(torch.randn(RANK, width) / math.sqrt(width))
        self.b = nn.Parameter(torch.zeros(width, RANK))

    def forward(self, x):
        low = F.dropout(x, DROPOUT, self.training) @ self.a.T @ self.b.T
        return super().forward(x) + low * (ALPHA / math.sqrt(RANK))


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.q, self.k, self.v = LoraLinear(width), LoraLinear(width), LoraLinear(width)
        self.o = nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x, mask=None):
        n, t, width = x.shape
        y = self.ln_1(x)
        q, k, v = (f(y).view(n, t, self.heads, -1).transpose(1, 2) for f in (self.q, self.k, self.v))
        scores = q @ k.transpose(-2, -1) / math.sqrt(width // self.heads)
        if mask is not None:
            scores = scores + mask
        x = x + self.o((scores.softmax(-1) @ v).transpose(1, 2).reshape(n, t, width))
        h = self.up(self.ln_2(x))
        return x + self.down(h * torch.sigmoid(1.702 * h))


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 768, 32, 32, bias=False)
        self.cls, self.pos = nn.Parameter(torch.randn(768) * 0.02), nn.Parameter(torch.randn(50, 768) * 0.01)
        self.ln_pre, self.ln_post = nn.LayerNorm(768), nn.LayerNorm(768)
        self.image_blocks = nn.ModuleList(Block(768, 12) for _ in range(12))
        self.proj = nn.Parameter(torch.randn(768, 512) / math.sqrt(768))
        self.tokens, self.text_pos = nn.Embedding(49408, 512), nn.Parameter(torch.randn(77, 512) * 0.01)
        self.text_blocks = nn.ModuleList(Block(512, 8) for _ in range(12))
        self.ln_final = nn.LayerNorm(512)
        self.text_proj = nn.Parameter(torch.randn(512, 512) / math.sqrt(512))
        self.pool, self.attend = nn.Linear(512, 256), nn.Sequential(nn.Linear(256, 128), nn.Tanh(), nn.Linear(128, 1))
        self.text_in, self.text_fc, self.text_ln = nn.Linear(512, 256), nn.Linear(256, 256), nn.LayerNorm(256)
        self.image_head, self.text_head = nn.Linear(256, 2), nn.Linear(256, 2)
        self.scale = nn.Parameter(torch.tensor(math.log(1 / 0.07)))
        self.register_buffer("mask", torch.full((77, 77), -math.inf).triu(1))

    def forward(self, views, tokens):
        n, v = views.shape[:2]
        x = self.conv(views.flatten(0, 1)).flatten(2).transpose(1, 2)
        x = self.ln_pre(torch.cat([self.cls.expand(n * v, 1, -1), x], 1) + self.pos)
        for block in self.image_blocks:
            x = block(x)
        h = F.relu(self.pool(self.ln_post(x[:, 0]) @ self.proj)).view(n, v, 256)
        image = F.normalize((self.attend(h).softmax(1) * h).sum(1), dim=-1)
        t = self.tokens(tokens) + self.text_pos
        for block in self.text_blocks:
            t = block(t, self.mask)
        p = self.text_in(self.ln_final(t[torch.arange(n, device=t.device), tokens.argmax(-1)]) @ self.text_proj)
        text = F.normalize(self.text_ln(p + F.dropout(self.text_fc(F.gelu(p)), 0.1, self.training)), dim=-1)
        return image, text


def main():
    torch.manual_seed(1)
    torch.set_num_threads(os.cpu_count())
    device = sys.argv[2] if len(sys.argv) > 2 else "cpu"
    finish = torch.cuda.synchronize if device == "cuda" else lambda: None
    model = Model().to(device)
    trained = ("a", "b", "pool", "attend", "text_in", "text_fc", "text_ln", "image_head", "text_head", "scale")
    for name, p in model.named_parameters():
        p.requires_grad = name.split(".")[-1] in ("a", "b") or name.split(".")[0] in trained
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], 1e-4, weight_decay=0.1)
    views = torch.rand(4, 9, 1, 224, 224).to(device).expand(-1, -1, 3, -1, -1)
    tokens = torch.randint(0, 40000, (4, 77))
    tokens[:, 40] = 49407
    tokens = tokens.to(device)
    labels, own = torch.tensor([0, 1, 0, 1], device=device), torch.arange(4, device=device)
    seconds = []
    for _ in range(int(sys.argv[1])):
        start = time.perf_counter()
        optimizer.zero_grad()
        image, text = model(views, tokens)
        logits = model.scale.exp() * image @ text.T
        clip = (F.cross_entropy(logits, own, label_smoothing=0.1) + F.cross_entropy(logits.T, own, label_smoothing=0.1)) / 2
        heads = (F.cross_entropy(model.image_head(image), labels) + F.cross_entropy(model.text_head(text), labels)) / 2
        (clip + heads).backward()
        optimizer.step()
        finish()
        seconds.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"version": torch.__version__, "threads": torch.get_num_threads(), "seconds": seconds, "peak_mb": peak}))


main()
