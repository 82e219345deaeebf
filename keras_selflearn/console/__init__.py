"""What every command needs: errors, the command line, signals, a quiet TensorFlow, stages of time.

This room imports no other room, so every other room may import it. Nothing about images, networks
or results comes in: what is here would serve any program on a command line.
"""
