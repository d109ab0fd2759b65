"""How people sign in at the desk: with passkeys, or through a site's own sign-in; and how long that lasts.

Challenges and sessions live in this process's memory alone; who a person is and which passkeys are good is asked of the
node each time. There is no password and no other way in.
"""
