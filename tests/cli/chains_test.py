#!/usr/bin/python3
"""Random chains of every kind against qemu-img, libvmdk and their recipes; tools/fuzz/chains is the long form.

usage: chains_test.py CBTCTL SOURCE_DIR
"""
import subprocess
import sys

CBTCTL, SOURCE = sys.argv[1:3]
sys.exit(subprocess.run([f"{SOURCE}/tools/fuzz/chains", "--cbtctl", CBTCTL, "--first", "1030", "--count", "30"]).returncode)
