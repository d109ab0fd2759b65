"""Rules that find what is odd in the fixes of one mover: jumps, circles, silence."""
