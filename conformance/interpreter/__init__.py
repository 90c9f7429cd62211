"""Program × namespace → Trace: a program is run on anything with torch's names, and looked at after every step."""
