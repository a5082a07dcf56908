"""Does what Python clients of the old API do, with requests.

Usage: python3 sdk.py BASE APPID SECRET_ID SECRET_KEY MODE PICTURE URL; prints the status and the body.
"""

import base64
import hashlib
import hmac
import random
import sys
import time

import requests

base, appid, secret_id, secret_key, mode, picture, url = sys.argv[1:]


def sign(seconds):
    # Floats in e and t, as time.time() gives them, and a random number of ten digits.
    now = time.time()
    rand = random.randint(0, 10**10)
    plain = f"a={appid}&b=&k={secret_id}&e={now + seconds}&t={now}&r={rand}&f="
    digest = hmac.new(secret_key.encode(), plain.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest + plain.encode()).decode()


headers = {"Authorization": sign(600), "Host": "recognition.image.myqcloud.com"}
target = base + "/face/livedetectpicture"
with open(picture, "rb") as opened:
    content = opened.read()

if mode == "files":
    # Every part gets a file name, the appid too.
    parts = {"appid": appid, "image": content}
    answer = requests.post(target, headers=headers, files=parts, timeout=30)
elif mode == "named":
    parts = {"appid": (None, appid), "image": ("selfie.jpg", content, "image/jpeg")}
    answer = requests.post(target, headers=headers, files=parts, timeout=30)
elif mode == "data":
    with open(picture, "rb") as opened:
        answer = requests.post(
            target, headers=headers, data={"appid": appid}, files={"image": opened}, timeout=30
        )
elif mode == "json":
    text = base64.b64encode(content).decode()
    answer = requests.post(target, headers=headers, json={"appid": appid, "image": text}, timeout=30)
elif mode == "encodebytes":
    # With the line breaks of MIME.
    text = base64.encodebytes(content).decode()
    answer = requests.post(target, headers=headers, json={"appid": int(appid), "image": text}, timeout=30)
elif mode == "chunked":
    text = base64.b64encode(content).decode()
    body = f'{{"appid":"{appid}","image":"{text}"}}'.encode()
    pieces = (body[at : at + 10_000] for at in range(0, len(body), 10_000))
    headers["Content-Type"] = '"application/json"'
    answer = requests.post(target, headers=headers, data=pieces, timeout=30)
elif mode == "url":
    answer = requests.post(target, headers=headers, json={"appid": appid, "url": url}, timeout=30)
elif mode == "form":
    # The mistake the documentation warns of: neither JSON nor multipart.
    answer = requests.post(target, headers=headers, data={"appid": appid, "url": url}, timeout=30)
else:
    sys.exit(f"unknown mode {mode}")

print(answer.status_code, answer.text)
