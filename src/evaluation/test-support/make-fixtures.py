#!/usr/bin/env python3
"""Makes fixtures/metrics.json: scores with what scikit-learn and SciPy say of them.

Needs python3 with scikit-learn (Debian: apt-get install python3-sklearn).
  python3 src/evaluation/test-support/make-fixtures.py            writes the file
  python3 src/evaluation/test-support/make-fixtures.py --check    compares what it would write with the file, to 1e-12
"""
import json
import math
import os
import sys

import numpy as np
from scipy.interpolate import interp1d
from scipy.optimize import brentq
from scipy.stats import beta, binomtest, norm
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, det_curve, roc_auc_score, roc_curve

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fixtures", "metrics.json")


def number(x):
    x = float(x)
    return x if math.isfinite(x) else None


def case(name, bona_fide, attacks):
    scores = np.concatenate([bona_fide, attacks])
    labels = np.concatenate([np.ones(len(bona_fide)), np.zeros(len(attacks))])
    fpr, tpr, thresholds = roc_curve(labels, scores, drop_intermediate=False)
    det_fpr, det_fnr, det_thresholds = det_curve(labels, scores)
    eer = brentq(lambda x: 1.0 - x - interp1d(fpr, tpr)(x), 0.0, 1.0, xtol=1e-15, rtol=1e-14)
    at = {}
    for limit in (1, 5, 10):
        at[str(limit)] = number(np.min(1 - tpr[fpr <= limit / 100]))
    return {
        "name": name,
        "bonaFide": [float(x) for x in bona_fide],
        "attacks": [float(x) for x in attacks],
        "auc": number(roc_auc_score(labels, scores)),
        "eer": number(eer),
        "bpcerAtApcer": at,
        # scikit-learn accepts scores >= threshold; an accepted share is the same for "> the next lower score".
        "roc": [[number(t), number(f), number(1 - p)] for t, f, p in zip(thresholds[1:], fpr[1:], tpr[1:])],
        # Versions of scikit-learn differ in how they end the DET curve: only what lies inside is kept.
        "det": [
            [number(t), number(f), number(n)]
            for t, f, n in zip(det_thresholds, det_fpr, det_fnr)
            if 0 < f < 1 and 0 < n < 1
        ],
    }


def calibration(name, labels, probabilities):
    true, said = calibration_curve(labels, probabilities, n_bins=10, strategy="uniform")
    bins = np.minimum(9, np.floor(np.asarray(probabilities) * 10).astype(int))
    ece = sum(
        (bins == b).sum() / len(bins) * abs(np.mean(np.asarray(labels)[bins == b]) - np.mean(np.asarray(probabilities)[bins == b]))
        for b in range(10)
        if (bins == b).any()
    )
    return {
        "name": name,
        "labels": [int(x) for x in labels],
        "probabilities": [float(x) for x in probabilities],
        "brier": number(brier_score_loss(labels, probabilities)),
        "ece": number(ece),
        "bins": [[number(s), number(t)] for s, t in zip(said, true)],
    }


def make():
    rng = np.random.default_rng(20261123)
    cases = [
        case("normal scores", rng.normal(1.6, 1, 211), rng.normal(0, 1, 173)),
        case("whole scores with many ties", rng.integers(30, 101, 160).astype(float), rng.integers(0, 81, 240).astype(float)),
        case("separable", np.array([0.9, 0.91, 0.95, 1.0]), np.array([0.1, 0.2, 0.3])),
        case("all the same", np.full(7, 5.0), np.full(5, 5.0)),
        case("worse than chance", rng.normal(-1, 1, 60), rng.normal(0, 1, 80)),
        case("one of each", np.array([1.0]), np.array([0.0])),
        case("few and skewed", rng.exponential(2, 9), rng.exponential(1, 301)),
    ]
    truth = (rng.random(500) < 0.5).astype(int)
    said = np.clip(truth * 0.5 + rng.random(500) * 0.5 + rng.normal(0, 0.15, 500), 0.001, 0.999)
    # Probabilities on the edge of a bin fall differently by rounding; keep clear of them.
    said = np.where(np.abs(said * 10 - np.round(said * 10)) < 1e-6, said + 1e-4, said)
    intervals = []
    for errors, n in [(0, 1), (1, 1), (0, 59), (0, 300), (3, 17), (17, 40), (40, 40), (1, 1000), (499, 10000), (5000, 10000)]:
        for confidence in (0.95, 0.99):
            ci = binomtest(errors, n).proportion_ci(confidence_level=confidence, method="exact")
            intervals.append([errors, n, confidence, number(ci.low), number(ci.high)])
    quantiles = [[p, a, b, number(beta.ppf(p, a, b))] for p, a, b in [(0.025, 1, 9), (0.5, 3.5, 0.7), (0.975, 120, 4001), (0.01, 0.3, 0.3)]]
    mcnemar = [[b, c, number(binomtest(b, b + c, 0.5).pvalue)] for b, c in [(0, 1), (0, 6), (3, 9), (10, 10), (120, 80), (1, 30)]]
    probits = [[p, number(norm.ppf(p))] for p in (0.0001, 0.01, 0.02425, 0.1, 0.5, 0.73, 0.999)]
    return {
        "cases": cases,
        "calibration": [calibration("made", truth, said)],
        "clopperPearson": intervals,
        "betaQuantile": quantiles,
        "mcnemar": mcnemar,
        "probit": probits,
    }


def differs(a, b, where=""):
    if isinstance(a, dict):
        assert set(a) == set(b), where
        for key in a:
            differs(a[key], b[key], f"{where}.{key}")
    elif isinstance(a, list):
        assert len(a) == len(b), where
        for i, (x, y) in enumerate(zip(a, b)):
            differs(x, y, f"{where}[{i}]")
    elif isinstance(a, float) or isinstance(b, float):
        assert math.isclose(a, b, rel_tol=1e-12, abs_tol=1e-12), f"{where}: {a} against {b}"
    else:
        assert a == b, f"{where}: {a} against {b}"


if __name__ == "__main__":
    made = json.loads(json.dumps(make()))
    if "--check" in sys.argv:
        with open(OUT) as f:
            differs(made, json.load(f))
        print("the same")
    else:
        os.makedirs(os.path.dirname(OUT), exist_ok=True)
        with open(OUT, "w") as f:
            json.dump(made, f, separators=(",", ":"))
            f.write("\n")
        print(f"wrote {OUT}")
