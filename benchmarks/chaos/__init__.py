"""Does delivery lose or double anything when everything around it breaks? Real processes, judged by AFAS's books."""
