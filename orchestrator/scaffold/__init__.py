"""Write the files of datasets, trainings and blueprints that deploy as they stand, with comments that teach.

What a file of data tells about its columns is inferred, and what was guessed is reported. Files are written only after
the environment was validated with them, and none is ever overwritten.
"""
