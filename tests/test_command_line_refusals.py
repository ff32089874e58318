"""The command line refuses in one sentence, without a traceback and without a file."""

import os
from pathlib import Path

import pytest
import torch
from invoking import TINY, invoke, refused

CONFIGS: dict[str, tuple[str | bytes, str]] = {
    "broken": ('{"cell": ', "is not valid JSON at line 1"),
    "empty": ("", "is not valid JSON"),
    "bytes": (b"\xff\xfe\x00{", "is not valid JSON"),
    "deep": ("[" * 100_000, "is not valid JSON"),
    "list": ("[1, 2]", "is not a JSON object"),
    "word": ('"lstm"', "is not a JSON object"),
    "kind": ('{"cell": {"kind": "lsmt"}}', "cell.kind: 'lsmt' is not allowed"),
    "part": ('{"cell": "lstm"}', "cell: 'lstm' is not allowed; give a JSON object"),
    "field": ('{"nonsense": 1}', "nonsense: there is no such field"),
    "nan": ('{"optimizer": {"kind": "sgd", "learning_rate": NaN}}', "optimizer.learning_rate: nan is not allowed"),
    "huge": ('{"seed": 1e999}', "seed: inf is not allowed"),
    "large": ('{"task": {"kind": "adding", "length": 10000}, "batch_size": 4096}', "lower it to"),
}


@pytest.mark.parametrize("name", CONFIGS)
def test_a_bad_config_ends_in_one_sentence(name: str, tmp_path: Path) -> None:
    text, sentence = CONFIGS[name]
    path = tmp_path / "config.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    for command in ("measure", "train", "sweep", "code"):
        over = ["--over", "seed=1"] if command == "sweep" else []
        out = tmp_path / ("o.py" if command == "code" else "o.nc")
        refused(invoke(command, "--config", path, "--out", out, *over), sentence)
    assert [p.name for p in tmp_path.iterdir()] == ["config.json"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("--config nowhere.json", "nowhere.json: the config cannot be read: No such file"),
        ("--config .", ".: the config cannot be read: Is a directory"),
        ("--k1 3", "truncation.k1: full has no such field; give window as truncation.kind."),
        ("--cell tanh --forget-bias 1", "cell.bias.forget_bias: "),
        ("--clipping none --threshold 1", "clipping.threshold: "),
        ("--cell lsmt", "did you mean lstm?"),
        ("--learning-rate nan", "optimizer.learning_rate: 'nan' is not allowed"),
        ("--learning-rate 1e999", "optimizer.learning_rate: '1e999' is not allowed"),
        ("--batch-size x", "batch_size: 'x' is not allowed; give an integer from 1 to 4096"),
        ("--seed=", "seed: '' is not allowed"),
        ("--truncation window --k1 30", "truncation.k2: 20 is smaller than k1 = 30"),
        ("--length 10000 --hidden-size 2048 --batch-size 4096", "the budget is 2 GB; lower "),
        ("--out o.txt", "o.txt: cannot tell the format; end the name in .nc or .csv."),
        ("--out o", "o: cannot tell the format"),
        ("--out nowhere/o.nc", "nowhere/o.nc: the folder nowhere does not exist"),
        ("--out folder.nc", "folder.nc: cannot be written there"),
        ("--config e.experiment.json --out e.csv", "e.csv: the .experiment.json beside it would replace the config"),
    ],
)
def test_bad_words_end_in_one_sentence(
    words: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.nc").mkdir()
    config = tmp_path / "e.experiment.json"
    config.write_text("{}")
    refused(invoke("train", "--steps", 1, *words.split()), sentence)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["e.experiment.json", "folder.nc"]
    assert config.read_text() == "{}"


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device here")
def test_cuda_where_there_is_none() -> None:
    for words in (["measure"], ["train"], ["sweep", "--over", "seed=1"]):
        refused(invoke(*words, "--device", "cuda"), "there is no CUDA device here; give cpu or auto.")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    refused(invoke("train", *TINY, "--out", tmp_path / "o.nc"), "cannot be written there")


@pytest.mark.parametrize(
    ("over", "sentence"),
    [
        ("seed", "--over seed: write FIELD=V1,V2,…, such as seed=0,1,2."),
        ("seed=", "--over seed=: write FIELD=V1,V2,…"),
        ("=1,2", "--over =1,2: write FIELD=V1,V2,…"),
        ("seed=[]", "seed: give a list of at least one value"),
        ("seed=1,1", "seed: 1 is given twice."),
        ("seed=1,,2", "seed = : seed: '' is not allowed"),
        ("seed=1,-2", "seed = -2: seed: -2 is not allowed"),
        ("frob=1,2", "frob = 1: frob: there is no such field"),
        ("cell=tanh,lsmt", "cell = lsmt: cell.kind: 'lsmt' is not allowed"),
        ("k2=5,20", "k2 = 5: truncation.k2: full has no such field; give window or online as truncation.kind."),
        ('truncation=[{"kind"', 'truncation=[{"kind": the values are not valid JSON.'),
        ('truncation={"kind":"window","k1":9,"k2":3}', "truncation = window(k1=9, k2=3): truncation.k2: 3 is smaller"),
        (
            "steps=1000000 --over seed=1,2,3,4,5,6,7,8,9,10,11,12",
            "12 runs of up to 1000000 updates of 8 time steps would fill about",
        ),
        ("seed=1 --over seed=2", "--over seed=2: seed is given twice."),
        ("k1=1 --over truncation.k1=2", "truncation.k1: this field is given twice."),
    ],
)
def test_bad_axes_end_in_one_sentence(over: str, sentence: str, tmp_path: Path) -> None:
    refused(invoke("sweep", *TINY, "--out", tmp_path / "o.nc", "--over", *over.split(" ")), sentence)
    assert not list(tmp_path.iterdir())
