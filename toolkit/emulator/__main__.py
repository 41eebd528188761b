"""`python -m toolkit.emulator`: the emulator alone, for other people's programs."""

from toolkit.emulator.server import command

if __name__ == "__main__":
    command(prog_name="python -m toolkit.emulator")
