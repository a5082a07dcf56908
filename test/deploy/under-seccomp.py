"""under-seccomp.py PROFILE COMMAND [ARGUMENT ...]: runs a command under a seccomp profile of the form that Docker and Podman read.

Needs Debian's python3-seccomp. System calls that this architecture does not have are left out, as container runtimes do.
"""

import json
import os
import sys

import seccomp

ACTIONS = {"SCMP_ACT_ALLOW": lambda rule: seccomp.ALLOW, "SCMP_ACT_ERRNO": lambda rule: seccomp.ERRNO(rule.get("errnoRet", 1))}
COMPARE = {"SCMP_CMP_EQ": seccomp.EQ, "SCMP_CMP_MASKED_EQ": seccomp.MASKED_EQ}

profile = json.load(open(sys.argv[1], encoding="utf-8"))
filter = seccomp.SyscallFilter(defaction=seccomp.ERRNO(profile["defaultErrnoRet"]))
for rule in profile["syscalls"]:
    arguments = []
    for arg in rule.get("args", []):
        if arg["op"] == "SCMP_CMP_MASKED_EQ":
            arguments.append(seccomp.Arg(arg["index"], seccomp.MASKED_EQ, arg["value"], arg["valueTwo"]))
        else:
            arguments.append(seccomp.Arg(arg["index"], COMPARE[arg["op"]], arg["value"]))
    for name in rule["names"]:
        try:
            number = seccomp.resolve_syscall(seccomp.Arch(), name)
        except (RuntimeError, ValueError):
            continue
        if number >= 0:
            filter.add_rule(ACTIONS[rule["action"]](rule), name, *arguments)
filter.load()
os.execvp(sys.argv[2], sys.argv[2:])
