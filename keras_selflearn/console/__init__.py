"""What every command needs: errors, the command line, signals, a quiet TensorFlow, stages of time.

It may import no other room, so every other room may import it. Images, networks and results must
not come in: what is here would serve any program that uses TensorFlow on a command line.
"""
